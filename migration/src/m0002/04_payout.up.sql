-- What KOCs earn, what factories are owed, and how people are paid.

-- What a KOC earned with one order. One level only: nobody earns on what somebody else earns.
create table commission (
  brand_id uuid not null,
  id uuid not null,
  order_id uuid not null,
  member_id uuid not null, -- The KOC.
  base bigint not null check (base > 0), -- Fen of the order that were paid and not back with the buyer when it was earned.
  rate_bp integer not null check (rate_bp between 1 and 3000), -- The order's.
  amount bigint not null check (amount > 0), -- Fen earned.
  reversed bigint not null check (reversed >= 0), -- Fen of it that refunds took back.
  paying bigint not null, -- Fen on their way to her; negative while a payout is lessened by what was paid too much.
  paid bigint not null check (paid >= 0), -- Fen that reached her, less what later payouts were lessened by.
  currency text not null check (length(currency) = 3),
  status text not null check (status in ('frozen', 'available', 'paying', 'paid', 'owing', 'reversed')),
  version integer not null check (version >= 1), -- Rises with each change; what a change is checked against.
  available_at timestamptz not null, -- From when on it may be paid.
  matured_at timestamptz, -- When it became so; null before.
  created_at timestamptz not null,
  primary key (brand_id, id),
  unique (brand_id, order_id),
  check (reversed <= amount),
  foreign key (brand_id, order_id) references orders (brand_id, id),
  foreign key (brand_id, member_id) references member (brand_id, id)
);
create index commission_member on commission (brand_id, member_id, id);
create index commission_status on commission (brand_id, status, id);

-- What a refund took back of a commission.
create table commission_reversal (
  brand_id uuid not null,
  id uuid not null,
  commission_id uuid not null,
  refund_id uuid not null, -- The refund after which it was reckoned.
  amount bigint not null check (amount > 0), -- Fen.
  created_at timestamptz not null,
  primary key (brand_id, id),
  unique (brand_id, refund_id),
  foreign key (brand_id, commission_id) references commission (brand_id, id),
  foreign key (brand_id, refund_id) references refund (brand_id, id)
);
create index commission_reversal_commission on commission_reversal (brand_id, commission_id);

-- Money to a member by WeChat Pay's merchant transfer, under its own out_bill_no, repeated with the same number until known.
create table transfer (
  brand_id uuid not null,
  id uuid not null,
  payout_id uuid not null, -- Transfers that were started together: one may not be large enough.
  kind text not null check (kind in ('commission', 'compensation')),
  member_id uuid not null, -- Who is paid.
  out_bill_no text not null,
  amount bigint not null check (amount > 0), -- Fen.
  currency text not null check (length(currency) = 3),
  status text not null check (status in ('created', 'accepted', 'waiting', 'transferring', 'cancelling', 'succeeded', 'failed', 'cancelled')),
  package_info text, -- What the member's client confirms with.
  transfer_bill_no text, -- WeChat's number.
  fail_reason text, -- WeChat's word for why it came to nothing.
  called_at timestamptz, -- When WeChat was last asked to make it: it may know it since.
  cancel_requested_at timestamptz, -- When a person asked for it back.
  attempts integer not null check (attempts >= 0), -- Calls to WeChat.
  last_error text,
  created_at timestamptz not null,
  finished_at timestamptz,
  primary key (brand_id, id),
  unique (brand_id, out_bill_no),
  foreign key (brand_id, member_id) references member (brand_id, id)
);
create index transfer_member on transfer (brand_id, member_id, id);
create index transfer_payout on transfer (brand_id, payout_id);
create index transfer_unfinished on transfer (brand_id, status, id) where status <> 'succeeded';

-- What a transfer pays.
create table transfer_line (
  brand_id uuid not null,
  transfer_id uuid not null,
  position integer not null check (position >= 1),
  commission_id uuid,
  compensation_id uuid,
  amount bigint not null check (amount <> 0), -- Fen; negative for what was paid too much of a commission.
  primary key (brand_id, transfer_id, position),
  check ((commission_id is null) <> (compensation_id is null)),
  check (commission_id is not null or amount > 0),
  foreign key (brand_id, transfer_id) references transfer (brand_id, id),
  foreign key (brand_id, commission_id) references commission (brand_id, id),
  foreign key (brand_id, compensation_id) references compensation (brand_id, id)
);
create index transfer_line_commission on transfer_line (brand_id, commission_id, transfer_id);
create index transfer_line_compensation on transfer_line (brand_id, compensation_id, transfer_id);

-- What a brand owes a factory, all in all. Nobody is paid more than she is owed: the row decides.
create table factory_account (
  brand_id uuid not null references brand (id),
  factory_id uuid not null references factory (id),
  currency text not null check (length(currency) = 3),
  accrued bigint not null check (accrued >= 0), -- Fen.
  paid bigint not null check (paid >= 0), -- Fen.
  primary key (brand_id, factory_id),
  check (paid <= accrued)
);

-- What a brand owes a factory for the pieces of a batch that it took in.
create table factory_payable (
  brand_id uuid not null,
  id uuid not null,
  factory_id uuid not null,
  batch_id uuid not null,
  pieces integer not null check (pieces >= 1), -- Taken in.
  price_per_piece bigint not null check (price_per_piece > 0), -- Fen, the batch's.
  amount bigint not null check (amount > 0), -- Fen.
  created_at timestamptz not null,
  primary key (brand_id, id),
  unique (brand_id, batch_id),
  foreign key (brand_id, factory_id) references factory_account (brand_id, factory_id),
  foreign key (brand_id, batch_id) references batch (brand_id, id)
);
create index factory_payable_factory on factory_payable (brand_id, factory_id, created_at);

-- A bank transfer to a factory, made outside and recorded here.
create table factory_payment (
  brand_id uuid not null,
  id uuid not null,
  factory_id uuid not null,
  amount bigint not null check (amount > 0), -- Fen.
  paid_on date not null, -- The bank's day.
  reference text not null, -- The bank's number of the transfer.
  recorded_by uuid not null,
  created_at timestamptz not null,
  primary key (brand_id, id),
  unique (brand_id, factory_id, reference), -- A transfer is recorded once.
  foreign key (brand_id, factory_id) references factory_account (brand_id, factory_id),
  foreign key (brand_id, recorded_by) references staff (brand_id, id)
);
create index factory_payment_factory on factory_payment (brand_id, factory_id, created_at);
