-- A garment sent to a KOC to try on.
create table sample (
  brand_id uuid not null references brand (id),
  id uuid not null,
  entry_id uuid not null,
  design_id uuid not null,
  design_version_id uuid not null,
  koc_member_id uuid not null,
  size text not null,
  color text not null,
  status text not null check (status in ('requested', 'dispatched', 'received', 'kept', 'returned', 'lost')),
  carrier text,
  tracking_no text,
  dispatched_at timestamptz,
  received_at timestamptz,
  created_at timestamptz not null,
  primary key (brand_id, id),
  foreign key (brand_id, entry_id) references round_entry (brand_id, id),
  foreign key (brand_id, design_id) references design (brand_id, id),
  foreign key (brand_id, design_version_id) references design_version (brand_id, id),
  foreign key (brand_id, koc_member_id) references koc (brand_id, member_id)
);
create index sample_koc on sample (brand_id, koc_member_id, id);
create index sample_design on sample (brand_id, design_id, id);

-- A try-on task and, once written, its post.
create table tryon (
  brand_id uuid not null,
  id uuid not null,
  sample_id uuid not null,
  design_id uuid not null,
  koc_member_id uuid not null,
  status text not null check (status in ('assigned', 'submitted', 'changes_requested', 'approved', 'published', 'withdrawn')),
  due_at timestamptz not null,
  revision integer not null check (revision >= 0), -- Rises with each submission.
  body text not null, -- The KOC's own words; empty until submitted.
  size_worn text,
  fit text check (fit in ('runs_small', 'true_to_size', 'runs_large')),
  cons text, -- What is not so good about it; asked for, not optional, when submitting.
  height_cm integer, -- The KOC's own figures as shown with the post (consented).
  weight_kg integer,
  consent_id uuid, -- Consent to show own figures and photos.
  text_verdict text not null check (text_verdict in ('none', 'pending', 'pass', 'review', 'risky', 'error')),
  media_verdict text not null check (media_verdict in ('none', 'pending', 'pass', 'review', 'risky', 'error')), -- The worst of its media.
  is_ad boolean not null, -- The 广告 label; set by the server when published, never removed.
  review_note text,
  reviewed_by uuid,
  submitted_at timestamptz,
  published_at timestamptz,
  publication_id uuid, -- UUIDv7 made when published: the key that feeds run by, newest first.
  created_at timestamptz not null,
  primary key (brand_id, id),
  foreign key (brand_id, sample_id) references sample (brand_id, id),
  foreign key (brand_id, design_id) references design (brand_id, id),
  foreign key (brand_id, koc_member_id) references koc (brand_id, member_id),
  foreign key (brand_id, consent_id) references consent (brand_id, id),
  foreign key (brand_id, reviewed_by) references staff (brand_id, id),
  check (status <> 'published' or (is_ad and publication_id is not null))
);
create index tryon_design on tryon (brand_id, design_id, status, publication_id);
create index tryon_koc on tryon (brand_id, koc_member_id, id);
create index tryon_status on tryon (brand_id, status, id);
create index tryon_sample on tryon (brand_id, sample_id);

create table tryon_media (
  brand_id uuid not null,
  tryon_id uuid not null,
  position integer not null check (position >= 1),
  media_id uuid not null,
  primary key (brand_id, tryon_id, position),
  foreign key (brand_id, tryon_id) references tryon (brand_id, id),
  foreign key (brand_id, media_id) references media (brand_id, id)
);

-- The communities a post is shown to.
create table tryon_community (
  brand_id uuid not null,
  community_id uuid not null,
  tryon_id uuid not null,
  published_at timestamptz not null,
  primary key (brand_id, community_id, tryon_id),
  foreign key (brand_id, tryon_id) references tryon (brand_id, id),
  foreign key (brand_id, community_id) references community (brand_id, id)
);
create index tryon_community_tryon on tryon_community (brand_id, tryon_id);

-- An offer to pay before making.
create table presale (
  brand_id uuid not null references brand (id),
  id uuid not null,
  title text not null,
  entry_id uuid not null, -- The round entry whose design advanced.
  design_id uuid not null,
  design_version_id uuid not null,
  status text not null check (status in ('draft', 'scheduled', 'open', 'closed', 'succeeded', 'failed', 'cancelled')),
  plan text not null check (plan in ('full', 'deposit', 'prepayment')), -- What is paid when, and what becomes of it if the rest is not.
  first_leg bigint not null check (first_leg >= 0), -- Fen per piece paid when ordering; 0 when all of it is.
  balance_days integer not null check (balance_days >= 0), -- Days in which the balance is to be paid; 0 without one.
  price bigint not null check (price > 0), -- Fen per piece below the first price tier.
  currency text not null check (length(currency) = 3),
  member_limit integer not null check (member_limit >= 1), -- Pieces one member may hold or have paid.
  moq integer not null check (moq >= 1), -- Pieces below which it fails and everyone is refunded.
  opens_at timestamptz not null,
  closes_at timestamptz not null,
  promise_date date not null, -- Ship-by date in the brand's time zone, copied onto each line.
  commission_bp integer not null check (commission_bp between 0 and 3000), -- What a KOC earns of an order, hundredths of a percent.
  hold_out_percent integer not null check (hold_out_percent between 0 and 100), -- Share of pickers not notified, to measure what notifying does.
  opened_at timestamptz,
  closed_at timestamptz,
  reached_pieces integer check (reached_pieces >= 0), -- Committed pieces when it succeeded: they decide the price tier. Null before.
  balance_opens_at timestamptz, -- Set when it succeeded with a plan that has a balance.
  balance_closes_at timestamptz,
  refund_due_at timestamptz, -- By when everyone must have the money back; set when it came to nothing.
  created_at timestamptz not null,
  primary key (brand_id, id),
  foreign key (brand_id, entry_id) references round_entry (brand_id, id),
  foreign key (brand_id, design_id) references design (brand_id, id),
  foreign key (brand_id, design_version_id) references design_version (brand_id, id),
  check (closes_at > opens_at),
  check ((plan = 'full') = (first_leg = 0)),
  check ((plan = 'full') = (balance_days = 0)),
  check (first_leg < price),
  check (plan <> 'deposit' or first_leg * 5 <= price)
);
create index presale_status on presale (brand_id, status, id);
create index presale_entry on presale (brand_id, entry_id);
create index presale_design on presale (brand_id, design_id);

-- Audience: the communities that may buy; none means every member of the brand.
create table presale_community (
  brand_id uuid not null,
  presale_id uuid not null,
  community_id uuid not null,
  primary key (brand_id, presale_id, community_id),
  foreign key (brand_id, presale_id) references presale (brand_id, id),
  foreign key (brand_id, community_id) references community (brand_id, id)
);

-- One colour and size, with its capacity.
create table presale_sku (
  brand_id uuid not null,
  id uuid not null,
  presale_id uuid not null,
  code text not null, -- Article code on cut ticket and label.
  color text not null,
  size text not null,
  size_designation text, -- GB/T 1335 designation, `160/84A`.
  position integer not null check (position >= 1), -- Order of the matrix: colours, then sizes, as given.
  cap integer not null check (cap >= 0),
  held integer not null check (held >= 0), -- Pieces of unpaid orders inside their hold.
  paid integer not null check (paid >= 0), -- Paid pieces not refunded.
  selling boolean not null, -- True while the presale is open; here, so that taking pieces and closing meet on one row.
  primary key (brand_id, id),
  unique (brand_id, presale_id, color, size),
  unique (brand_id, presale_id, code),
  foreign key (brand_id, presale_id) references presale (brand_id, id),
  check (held + paid <= cap)
);

-- What one member holds or has paid in a presale; carries the per-member limit.
create table presale_buyer (
  brand_id uuid not null,
  presale_id uuid not null,
  member_id uuid not null,
  pieces integer not null check (pieces >= 0),
  primary key (brand_id, presale_id, member_id),
  foreign key (brand_id, presale_id) references presale (brand_id, id),
  foreign key (brand_id, member_id) references member (brand_id, id)
);

-- Telling one picker about an opened presale: at most once per person.
create table presale_notice (
  brand_id uuid not null,
  presale_id uuid not null,
  member_id uuid not null,
  held_out boolean not null, -- In the hold-out group: not told.
  inbox_message_id uuid,
  message text not null check (message in ('none', 'pending', 'sending', 'sent', 'refused', 'failed', 'unknown')), -- The subscribe message; a send with unknown outcome is never repeated.
  updated_at timestamptz not null,
  primary key (brand_id, presale_id, member_id),
  foreign key (brand_id, presale_id) references presale (brand_id, id),
  foreign key (brand_id, member_id) references member (brand_id, id),
  foreign key (brand_id, inbox_message_id) references inbox_message (brand_id, id)
);
create index presale_notice_message on presale_notice (brand_id, presale_id, message);

-- A member's order in one presale.
create table orders (
  brand_id uuid not null references brand (id),
  id uuid not null,
  order_no text not null, -- For people: date and random digits.
  presale_id uuid not null,
  member_id uuid not null,
  community_id uuid, -- The community the buyer belonged to, for the funnel; null when none.
  earner_id uuid, -- The one KOC who earns with it: whose code the buyer gave, else her community's. Never edited.
  commission_bp integer not null check (commission_bp between 0 and 3000), -- Hundredths of a percent she earns, as at purchase; 0 without an earner. Never edited.
  status text not null check (status in ('pending_payment', 'deposit_paid', 'balance_due', 'paid', 'in_batch', 'shipped', 'received', 'completed', 'expired', 'cancelled', 'forfeited', 'refund_pending', 'refunded')),
  version integer not null check (version >= 1), -- Rises with each change; what a change is checked against.
  pieces integer not null check (pieces >= 1),
  amount bigint not null check (amount > 0), -- Fen for all of it, as shown at purchase; a price tier makes it less.
  plan text not null check (plan in ('full', 'deposit', 'prepayment')), -- As shown at purchase; never edited.
  first_leg bigint not null check (first_leg >= 0), -- Fen per piece, as shown at purchase; never edited.
  balance_days integer not null check (balance_days >= 0), -- As shown at purchase; never edited.
  reached_pieces integer check (reached_pieces >= 0), -- Pieces of the presale whose tier was applied to this order; null before.
  balance_due_at timestamptz, -- Until when its balance can be paid; null before it can.
  currency text not null check (length(currency) = 3),
  promise_date date not null, -- As shown at purchase; never edited.
  agreed_date date, -- A later date that the buyer accepted since; null when none.
  terms_version text not null, -- Version of the purchase terms shown at purchase; never edited.
  address bytea not null, -- Sealed with the member's data key: a copy, so that editing the address book changes no order.
  recipient_masked text not null,
  phone_masked text not null,
  region text not null,
  hold_expires_at timestamptz not null,
  paid_at timestamptz,
  shipped_at timestamptz,
  received_at timestamptz,
  settled_at timestamptz, -- When WeChat had settled all that was paid for it: until then it may take the money back.
  created_at timestamptz not null,
  primary key (brand_id, id),
  unique (brand_id, order_no),
  foreign key (brand_id, presale_id) references presale (brand_id, id),
  foreign key (brand_id, member_id) references member (brand_id, id),
  foreign key (brand_id, community_id) references community (brand_id, id),
  foreign key (brand_id, earner_id) references member (brand_id, id),
  check (earner_id is null or earner_id <> member_id),
  check (earner_id is not null or commission_bp = 0)
);
create index orders_member on orders (brand_id, member_id, id);
create index orders_presale on orders (brand_id, presale_id, status, paid_at);

create table order_line (
  brand_id uuid not null,
  id uuid not null,
  order_id uuid not null,
  sku_id uuid not null,
  position integer not null check (position >= 1),
  quantity integer not null check (quantity >= 1),
  refunded integer not null check (refunded >= 0), -- Pieces refunded that will not be made.
  returned integer not null check (returned >= 0), -- Pieces refunded after they were made and shipped.
  unit_price bigint not null check (unit_price > 0), -- Fen, as shown at purchase; never edited.
  primary key (brand_id, id),
  unique (brand_id, order_id, position),
  foreign key (brand_id, order_id) references orders (brand_id, id),
  foreign key (brand_id, sku_id) references presale_sku (brand_id, id),
  check (refunded + returned <= quantity)
);
create index order_line_sku on order_line (brand_id, sku_id);

-- One amount due of an order; settled by one provider transaction.
create table payment_leg (
  brand_id uuid not null,
  id uuid not null,
  order_id uuid not null,
  kind text not null check (kind in ('full', 'deposit', 'balance')),
  amount bigint not null check (amount > 0), -- Fen.
  status text not null check (status in ('due', 'paid', 'void')),
  paid_at timestamptz,
  created_at timestamptz not null,
  primary key (brand_id, id),
  unique (brand_id, order_id, kind),
  foreign key (brand_id, order_id) references orders (brand_id, id)
);

-- One try at a leg with WeChat Pay, under its own out_trade_no.
create table payment_attempt (
  brand_id uuid not null,
  id uuid not null,
  leg_id uuid not null,
  order_id uuid not null,
  out_trade_no text not null,
  amount bigint not null check (amount > 0),
  status text not null check (status in ('created', 'prepaid', 'paid', 'closed', 'failed')),
  prepay_id text,
  prepay_expires_at timestamptz,
  expires_at timestamptz not null, -- WeChat's time_expire; fixed, since a repeat must ask for the same.
  refunded bigint not null check (refunded >= 0), -- Fen given back or on their way back.
  transaction_id text,
  paid_at timestamptz,
  settles boolean not null, -- True for the one attempt that settled its leg; another paid attempt is surplus and refunded.
  created_at timestamptz not null,
  primary key (brand_id, id),
  unique (brand_id, out_trade_no),
  unique (brand_id, transaction_id),
  check (refunded <= amount),
  foreign key (brand_id, leg_id) references payment_leg (brand_id, id),
  foreign key (brand_id, order_id) references orders (brand_id, id)
);
create unique index payment_attempt_settles on payment_attempt (brand_id, leg_id) where settles;
-- One open attempt a leg: a double tap on “pay” cannot make two orders at WeChat.
create unique index payment_attempt_open on payment_attempt (brand_id, leg_id) where status in ('created', 'prepaid');
create index payment_attempt_order on payment_attempt (brand_id, order_id, id);

-- Money on its way back to the buyer, under its own out_refund_no, repeated with the same number until known.
create table refund (
  brand_id uuid not null,
  id uuid not null,
  order_id uuid not null,
  attempt_id uuid not null,
  out_refund_no text not null,
  amount bigint not null check (amount > 0),
  reason text not null check (reason in ('presale_failed', 'cancelled', 'late_payment', 'short_yield', 'price_tier', 'balance_unpaid', 'agreed', 'after_sales', 'promise_refused')),
  status text not null check (status in ('pending', 'processing', 'succeeded', 'abnormal', 'closed')),
  note text, -- Words of the person who decided it; null when a rule did.
  due_at timestamptz, -- By when the law wants it to be with the buyer; null when it sets no day.
  late_interest_bp integer check (late_interest_bp >= 0), -- A year's interest after that, as it was when the day was set.
  interest bigint not null check (interest >= 0), -- Fen owed on top because it came later than that.
  refund_id text,
  attempts integer not null check (attempts >= 0),
  last_error text,
  replaces uuid, -- The refund that WeChat closed and this one sends again.
  created_at timestamptz not null,
  finished_at timestamptz,
  primary key (brand_id, id),
  unique (brand_id, out_refund_no),
  unique (brand_id, replaces),
  foreign key (brand_id, order_id) references orders (brand_id, id),
  foreign key (brand_id, attempt_id) references payment_attempt (brand_id, id),
  foreign key (brand_id, replaces) references refund (brand_id, id)
);
create index refund_order on refund (brand_id, order_id);
create index refund_attempt on refund (brand_id, attempt_id);
