-- From how many committed pieces on a piece of a presale costs less. Fixed once it has opened, like its price.
create table presale_tier (
  brand_id uuid not null,
  presale_id uuid not null,
  from_pieces integer not null check (from_pieces >= 2),
  unit_price bigint not null check (unit_price > 0), -- Fen.
  primary key (brand_id, presale_id, from_pieces),
  unique (brand_id, presale_id, unit_price),
  foreign key (brand_id, presale_id) references presale (brand_id, id)
);

-- What a brand owes a buyer beyond her money: a 定金 is returned double when the brand does not keep its word, and a
-- refund that comes later than the law wants bears interest.
create table compensation (
  brand_id uuid not null,
  id uuid not null,
  order_id uuid not null,
  reason text not null check (reason in ('deposit_doubled', 'late_interest')),
  refund_id uuid, -- The refund that came late; null for a deposit.
  amount bigint not null check (amount > 0), -- Fen, besides the refund of what was paid.
  status text not null check (status in ('owed', 'paying', 'paid')),
  created_at timestamptz not null,
  paid_at timestamptz,
  primary key (brand_id, id),
  unique (brand_id, refund_id),
  check ((reason = 'late_interest') = (refund_id is not null)),
  foreign key (brand_id, order_id) references orders (brand_id, id),
  foreign key (brand_id, refund_id) references refund (brand_id, id)
);
create unique index compensation_deposit on compensation (brand_id, order_id) where reason = 'deposit_doubled';
create index compensation_status on compensation (brand_id, status, id);

-- A buyer asks for money back after shipment; a person of the brand decides.
create table after_sales (
  brand_id uuid not null,
  id uuid not null,
  order_id uuid not null,
  status text not null check (status in ('requested', 'approved', 'refused', 'refunded')),
  reason text not null, -- The buyer's words.
  answer text, -- The brand's words; null until it is decided.
  amount bigint not null check (amount > 0), -- Fen that its pieces cost.
  decided_by uuid,
  decided_at timestamptz,
  created_at timestamptz not null,
  primary key (brand_id, id),
  foreign key (brand_id, order_id) references orders (brand_id, id),
  foreign key (brand_id, decided_by) references staff (brand_id, id)
);
create index after_sales_order on after_sales (brand_id, order_id, id);
create index after_sales_status on after_sales (brand_id, status, id);
-- One question about an order at a time.
create unique index after_sales_open on after_sales (brand_id, order_id) where status = 'requested';

-- The pieces a case is about.
create table after_sales_line (
  brand_id uuid not null,
  case_id uuid not null,
  order_line_id uuid not null,
  pieces integer not null check (pieces >= 1),
  primary key (brand_id, case_id, order_line_id),
  foreign key (brand_id, case_id) references after_sales (brand_id, id),
  foreign key (brand_id, order_line_id) references order_line (brand_id, id)
);

-- The refunds an approved case led to; one that WeChat closed and its successor are both here.
create table after_sales_refund (
  brand_id uuid not null,
  refund_id uuid not null,
  case_id uuid not null,
  primary key (brand_id, refund_id),
  foreign key (brand_id, refund_id) references refund (brand_id, id),
  foreign key (brand_id, case_id) references after_sales (brand_id, id)
);
create index after_sales_refund_case on after_sales_refund (brand_id, case_id);
