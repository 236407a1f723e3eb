-- What every stage leans on: counters, idempotency, outbox, timers, history, media.

-- Human numbers per brand (`batch_no`).
create table brand_counter (
  brand_id uuid not null references brand (id),
  name text not null,
  value bigint not null check (value >= 0),
  primary key (brand_id, name)
);

-- One key, one effect, one answer.
create table idempotency (
  brand_id uuid not null references brand (id),
  actor_id uuid not null,
  operation text not null,
  key text not null,
  input_hash bytea not null, -- SHA-256 of the canonical input.
  answer jsonb not null, -- What a repeat is answered with.
  created_at timestamptz not null,
  primary key (brand_id, actor_id, operation, key)
);

-- One row per committed change, written in its transaction.
create table outbox (
  brand_id uuid not null references brand (id),
  id uuid not null,
  aggregate_kind text not null,
  aggregate_id uuid not null, -- Ordering key.
  sequence bigint not null check (sequence >= 1), -- Rises by one per aggregate.
  kind text not null, -- `presale.opened`.
  version integer not null check (version >= 1),
  payload jsonb not null,
  attempts integer not null check (attempts >= 0),
  available_at timestamptz not null, -- Not before; moved on after a failure.
  lease_token uuid,
  lease_until timestamptz,
  done_at timestamptz,
  last_error text,
  created_at timestamptz not null,
  primary key (brand_id, id),
  unique (brand_id, aggregate_id, sequence)
);
create index outbox_due on outbox (available_at) where done_at is null;

-- Something that happens by itself at a time.
create table timer (
  brand_id uuid not null references brand (id),
  id uuid not null,
  kind text not null, -- `round.open`, `order.lapse`.
  subject_id uuid not null,
  due_at timestamptz not null,
  attempts integer not null check (attempts >= 0),
  lease_token uuid,
  lease_until timestamptz,
  done_at timestamptz,
  last_error text,
  created_at timestamptz not null,
  primary key (brand_id, id),
  unique (brand_id, kind, subject_id)
);
create index timer_due on timer (due_at) where done_at is null;

-- Who moved what from where to where, when and why.
create table state_change (
  brand_id uuid not null references brand (id),
  id uuid not null,
  subject_kind text not null,
  subject_id uuid not null,
  from_state text,
  to_state text not null,
  event text not null,
  actor_kind text not null check (actor_kind in ('member', 'staff', 'factory', 'system', 'wechat')),
  actor_id uuid,
  why text,
  created_at timestamptz not null,
  primary key (brand_id, id)
);
create index state_change_subject on state_change (brand_id, subject_id, id);

-- A stored picture or video. Pictures are re-encoded, upright, without EXIF, in three sizes.
create table media (
  brand_id uuid not null references brand (id),
  id uuid not null,
  kind text not null check (kind in ('picture', 'video')),
  content_type text not null,
  bytes bigint not null check (bytes > 0), -- Of the largest stored rendition.
  width integer,
  height integer,
  sha256 text not null, -- Hex, of the upload as it came.
  owner_kind text not null check (owner_kind in ('member', 'staff', 'factory')),
  owner_id uuid not null,
  created_at timestamptz not null,
  erased_at timestamptz, -- Taken back by its owner: the files are gone, the row keeps what refers to it whole.
  primary key (brand_id, id)
);
create index media_owner on media (brand_id, owner_kind, owner_id, created_at);

-- One question to WeChat's content security and its verdict.
create table security_check (
  brand_id uuid not null references brand (id),
  id uuid not null,
  subject_kind text not null, -- `tryon`, `nickname`.
  subject_id uuid not null,
  revision integer not null default 0, -- Which revision of the subject was asked about; 0 where it has none.
  media_id uuid, -- Null for text.
  trace_id text,
  verdict text not null check (verdict in ('pending', 'pass', 'review', 'risky', 'error')),
  label integer,
  attempts integer not null check (attempts >= 0),
  created_at timestamptz not null,
  decided_at timestamptz,
  primary key (brand_id, id),
  foreign key (brand_id, media_id) references media (brand_id, id)
);
create index security_check_subject on security_check (brand_id, subject_id, revision);
create index security_check_trace on security_check (brand_id, trace_id);

-- A push or notification from WeChat as it came, keyed so that a repeat is known.
create table provider_event (
  brand_id uuid not null references brand (id),
  id text not null, -- Notification id, or the push's own identity.
  kind text not null,
  payload jsonb not null,
  received_at timestamptz not null,
  processed_at timestamptz,
  problem text, -- Why it could not be applied (wrong amount, unknown order); for people to look at.
  number text, -- Our out_trade_no or out_refund_no that it names.
  amount bigint, -- Fen it is about.
  resolved_at timestamptz, -- When a person settled the problem.
  resolved_by uuid,
  resolution text, -- How.
  primary key (brand_id, id),
  foreign key (brand_id, resolved_by) references staff (brand_id, id)
);
create index provider_event_person on provider_event (brand_id, (payload ->> 'openid'));
