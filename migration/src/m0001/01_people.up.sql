-- Who acts. Types are PostgreSQL's; SQLite reads the same text (its column types are only affinities).

-- A brand: the tenant. Global directory, so it is keyed by its own id.
create table brand (
  id uuid not null primary key,
  slug text not null unique, -- Short name in links and sign-in, `[a-z0-9-]{2,40}`.
  name text not null,
  status text not null check (status in ('active', 'suspended')),
  time_zone text not null, -- IANA name; windows are shown and settled in it.
  currency text not null check (length(currency) = 3),
  community_cap integer not null check (community_cap between 1 and 500), -- Members a community may hold.
  koc_max_communities integer not null check (koc_max_communities >= 1),
  koc_max_members integer not null check (koc_max_members >= 1),
  refund_days integer not null check (refund_days between 1 and 15), -- Days in which a presale that came to nothing is refunded.
  late_interest_bp integer not null check (late_interest_bp >= 0), -- Interest on later refunds, hundredths of a percent a year.
  created_at timestamptz not null
);

-- A brand's mini-program and merchant account; secrets sealed with a key of the settings.
create table brand_wechat (
  brand_id uuid not null primary key references brand (id),
  appid text not null unique,
  mchid text not null unique,
  merchant_serial text not null, -- Serial of the merchant API certificate, hex.
  platform_key_id text not null, -- `PUB_KEY_ID_…` or a platform certificate serial.
  platform_public_key text not null, -- PEM, public.
  presale_template_id text, -- Subscribe-message template for an opened presale.
  secrets bytea not null, -- Sealed JSON: app secret, merchant private key, APIv3 key, push token, push AES key.
  key_id text not null, -- Which key of the settings sealed `secrets`.
  updated_at timestamptz not null
);

-- A person of the brand's team.
create table staff (
  brand_id uuid not null references brand (id),
  id uuid not null,
  email text not null, -- Lower case.
  name text not null,
  role text not null check (role in ('owner', 'merchandiser', 'designer', 'support', 'finance')),
  password_hash text not null, -- argon2id, PHC string.
  status text not null check (status in ('active', 'disabled')),
  failed_attempts integer not null check (failed_attempts >= 0),
  locked_until timestamptz,
  created_at timestamptz not null,
  primary key (brand_id, id),
  unique (brand_id, email)
);

-- A person in one brand, known by openid.
create table member (
  brand_id uuid not null references brand (id),
  id uuid not null,
  openid text not null,
  unionid text,
  grade text not null check (grade in ('member', 'koc')),
  status text not null check (status in ('active', 'banned', 'deleted')),
  nickname text, -- As the member typed it; shown to others only when `nickname_verdict` is pass.
  nickname_verdict text not null check (nickname_verdict in ('pending', 'pass', 'review', 'risky')),
  data_key bytea, -- The member's own data key, wrapped; dropping it shreds all that is sealed with it.
  key_id text, -- Which key of the settings wrapped `data_key`.
  session_key bytea, -- WeChat session_key, sealed with the data key; never leaves the server.
  phone bytea, -- Sealed.
  phone_masked text, -- `138******78`: first three and last two digits.
  last_seen_at timestamptz not null, -- Last WeChat login; content security wants one within two hours.
  created_at timestamptz not null,
  primary key (brand_id, id),
  unique (brand_id, openid)
);

-- A KOC's load, counted against the brand's limits, and the code that buyers name her by.
create table koc (
  brand_id uuid not null,
  member_id uuid not null,
  code text not null, -- For people: short, capitals and digits.
  communities integer not null check (communities >= 0),
  members integer not null check (members >= 0),
  created_at timestamptz not null,
  primary key (brand_id, member_id),
  unique (brand_id, code),
  foreign key (brand_id, member_id) references member (brand_id, id)
);

-- A signed-in device of a member or of staff. Tokens are random and stored hashed.
create table session (
  brand_id uuid not null references brand (id),
  id uuid not null,
  token_hash bytea not null, -- SHA-256 of the access token.
  refresh_hash bytea not null, -- SHA-256 of the refresh token; rotates on use.
  actor_kind text not null check (actor_kind in ('member', 'staff')),
  member_id uuid,
  staff_id uuid,
  expires_at timestamptz not null,
  refresh_expires_at timestamptz not null,
  revoked_at timestamptz,
  created_at timestamptz not null,
  primary key (brand_id, id),
  unique (brand_id, token_hash),
  unique (brand_id, refresh_hash),
  foreign key (brand_id, member_id) references member (brand_id, id),
  foreign key (brand_id, staff_id) references staff (brand_id, id),
  check ((actor_kind = 'member' and member_id is not null and staff_id is null) or (actor_kind = 'staff' and staff_id is not null and member_id is null))
);

-- What a member agreed to, with the version of the text shown.
create table consent (
  brand_id uuid not null,
  id uuid not null,
  member_id uuid not null,
  kind text not null check (kind in ('body_data', 'photos', 'privacy')),
  text_version text not null,
  granted_at timestamptz not null,
  withdrawn_at timestamptz,
  primary key (brand_id, id),
  foreign key (brand_id, member_id) references member (brand_id, id)
);
create index consent_member on consent (brand_id, member_id, kind);

-- The long-tail need: what a member would tell a shop assistant. Needs consent to body data.
create table need_profile (
  brand_id uuid not null,
  member_id uuid not null,
  consent_id uuid not null,
  sealed bytea not null, -- Sealed JSON: height_cm, weight_kg, figures, wishes.
  updated_at timestamptz not null,
  primary key (brand_id, member_id),
  foreign key (brand_id, member_id) references member (brand_id, id),
  foreign key (brand_id, consent_id) references consent (brand_id, id)
);

-- One entry of a member's address book.
create table address (
  brand_id uuid not null,
  id uuid not null,
  member_id uuid not null,
  sealed bytea not null, -- Sealed JSON: recipient, phone, province, city, district, street.
  recipient_masked text not null,
  phone_masked text not null,
  region text not null, -- Province, city, district; enough to recognise the entry.
  is_default boolean not null,
  deleted_at timestamptz,
  created_at timestamptz not null,
  primary key (brand_id, id),
  foreign key (brand_id, member_id) references member (brand_id, id)
);
create index address_member on address (brand_id, member_id, id);

-- A factory serves many brands: global directory.
create table factory (
  id uuid not null primary key,
  name text not null,
  city text not null,
  status text not null check (status in ('active', 'suspended')),
  feed_sequence bigint not null check (feed_sequence >= 0), -- Last sequence handed out in this factory's feed.
  created_at timestamptz not null
);

-- A factory's API key; two may be live during a rotation.
create table factory_key (
  factory_id uuid not null references factory (id),
  id uuid not null,
  secret_hash bytea not null, -- SHA-256.
  label text not null,
  last_used_at timestamptz,
  expires_at timestamptz,
  revoked_at timestamptz,
  created_at timestamptz not null,
  primary key (factory_id, id)
);

-- A message of one brand to one member, read in the mini-program.
create table inbox_message (
  brand_id uuid not null,
  id uuid not null,
  member_id uuid not null,
  kind text not null check (kind in ('presale_opened', 'presale_failed', 'order_update', 'tryon_update', 'system')),
  title text not null,
  body text not null,
  subject_kind text, -- Which entity it speaks of: `presale`, `order`, `tryon`.
  subject_id uuid,
  read_at timestamptz,
  created_at timestamptz not null,
  primary key (brand_id, id),
  foreign key (brand_id, member_id) references member (brand_id, id)
);
create index inbox_message_member on inbox_message (brand_id, member_id, id);

-- Consent ledger for one-time subscribe messages: each accept grants one send.
create table subscribe_grant (
  brand_id uuid not null,
  member_id uuid not null,
  template_id text not null,
  granted integer not null check (granted >= 0),
  spent integer not null check (spent >= 0),
  updated_at timestamptz not null,
  primary key (brand_id, member_id, template_id),
  foreign key (brand_id, member_id) references member (brand_id, id),
  check (spent <= granted)
);
