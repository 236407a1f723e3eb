-- A day of Beijing held against WeChat Pay's bills of it. Times of the bills are Beijing's, whatever the brand's zone.
create table reconciliation (
  brand_id uuid not null references brand (id),
  id uuid not null,
  bill_date date not null, -- The day in Beijing.
  status text not null check (status in ('waiting', 'balanced', 'differing', 'resolved')),
  attempts integer not null check (attempts >= 0), -- Times the bills were asked for in vain.
  last_error text, -- Why the bills could not be had, or not be believed; null once they were.
  trade_sha1 text, -- Of the unpacked files; null on a day without movement and before they were read.
  flow_sha1 text,
  bill_payments integer not null,
  bill_paid bigint not null, -- Fen, as all amounts.
  bill_refunds integer not null,
  bill_refunded bigint not null,
  bill_fees bigint not null,
  bill_movement bigint not null, -- What the merchant's account gained, by the fund-flow bill.
  bill_balance bigint, -- What it held when the day was over; null when nothing moved.
  our_payments integer not null,
  our_paid bigint not null,
  our_refunds integer not null,
  our_refunded bigint not null,
  our_fees bigint not null,
  our_movement bigint not null, -- What it should have gained, by our rows.
  healed integer not null check (healed >= 0), -- Payments and refunds that only the bill told of.
  checked_at timestamptz, -- When the bills were last held against our rows; null before.
  created_at timestamptz not null,
  primary key (brand_id, id),
  unique (brand_id, bill_date)
);

-- What remained different after all that could be healed was.
create table reconciliation_difference (
  brand_id uuid not null,
  id uuid not null,
  reconciliation_id uuid not null,
  kind text not null check (kind in ('payment_unknown', 'payment_unbilled', 'payment_amount', 'payment_state', 'refund_unknown', 'refund_unbilled', 'refund_amount', 'refund_state', 'fee', 'movement_unknown', 'movement_total')),
  number text not null, -- Ours where there is one, else WeChat's; empty for a total.
  provider_no text, -- WeChat's.
  order_id uuid,
  bill_amount bigint, -- Null when the bill does not have it.
  our_amount bigint, -- Null when we do not have it.
  detail text, -- What else there is to say: the states of both sides, WeChat's words.
  status text not null check (status in ('open', 'resolved')),
  created_at timestamptz not null,
  resolved_at timestamptz,
  resolved_by uuid,
  note text, -- How a person settled it.
  primary key (brand_id, id),
  foreign key (brand_id, reconciliation_id) references reconciliation (brand_id, id),
  foreign key (brand_id, order_id) references orders (brand_id, id),
  foreign key (brand_id, resolved_by) references staff (brand_id, id)
);
create index reconciliation_difference_day on reconciliation_difference (brand_id, reconciliation_id, id);
create index reconciliation_difference_open on reconciliation_difference (brand_id, created_at) where status = 'open';

-- What of ours a bill named: each payment and refund in one bill, and once, with WeChat Pay's fee of it.
create table bill_entry (
  brand_id uuid not null,
  subject_id uuid not null, -- The attempt or the refund.
  attempt_id uuid,
  refund_id uuid,
  reconciliation_id uuid not null,
  amount bigint not null check (amount >= 0), -- As the bill says.
  fee bigint not null, -- Positive when taken, negative when given back.
  primary key (brand_id, subject_id),
  check (subject_id = coalesce(attempt_id, refund_id) and (attempt_id is null or refund_id is null)),
  foreign key (brand_id, attempt_id) references payment_attempt (brand_id, id),
  foreign key (brand_id, refund_id) references refund (brand_id, id),
  foreign key (brand_id, reconciliation_id) references reconciliation (brand_id, id)
);
create index bill_entry_day on bill_entry (brand_id, reconciliation_id);

-- Which payments and refunds a day has.
create index payment_attempt_paid on payment_attempt (brand_id, paid_at) where paid_at is not null;
create index refund_finished on refund (brand_id, finished_at) where finished_at is not null;
