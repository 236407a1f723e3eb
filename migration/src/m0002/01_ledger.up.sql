-- The double-entry ledger. Rows of `journal` and `journal_line` are only ever added.

-- Where a brand's chain of journals ends. Whoever posts takes this row last in the transaction.
create table ledger_head (
  brand_id uuid not null primary key references brand (id),
  seq bigint not null check (seq >= 0), -- Of the last journal; 0 before the first.
  hash bytea not null -- Of the last journal; 32 zero bytes before the first.
);

-- One thing that happened to money, as lines that add up to nothing.
create table journal (
  brand_id uuid not null references brand (id),
  id uuid not null,
  seq bigint not null check (seq >= 1), -- Rises by one per brand, without gap.
  kind text not null check (kind in ('payment_settled', 'payment_surplus', 'balance_paid', 'deposit_forfeited', 'refund_requested', 'refund_succeeded', 'refund_closed', 'revenue_recognised', 'provider_fee', 'withdrawn', 'compensation_owed', 'compensation_paid', 'commission_accrued', 'commission_reversed', 'commission_paid', 'factory_accrued', 'factory_paid')),
  source_id uuid not null, -- What it records: attempt, refund, order, accrual …; nothing is recorded twice.
  order_id uuid,
  memo text, -- Why, in words.
  actor_kind text not null check (actor_kind in ('member', 'staff', 'factory', 'system', 'wechat')),
  actor_id uuid,
  posted_at timestamptz not null,
  prev_hash bytea not null, -- Of the journal before it.
  hash bytea not null, -- SHA-256 over the canonical text of the journal, its lines and `prev_hash`.
  primary key (brand_id, id),
  unique (brand_id, seq),
  unique (brand_id, kind, source_id),
  foreign key (brand_id, order_id) references orders (brand_id, id)
);
create index journal_order on journal (brand_id, order_id, id);

-- One account's part in a journal.
create table journal_line (
  brand_id uuid not null,
  journal_id uuid not null,
  position integer not null check (position >= 1),
  account text not null check (account in ('clearing', 'bank', 'member_payments', 'deposits_held', 'refunds_payable', 'revenue', 'forfeited_deposits', 'compensation', 'compensation_payable', 'provider_fees', 'commission_expense', 'commission_payable', 'factory_cost', 'factory_payable')),
  amount bigint not null check (amount <> 0), -- Fen; debit positive, credit negative.
  currency text not null check (length(currency) = 3),
  posted_at timestamptz not null, -- Of its journal; here, so that an account is read by time without it.
  order_id uuid,
  member_id uuid, -- Who is paid, where it is a member (commission, compensation).
  factory_id uuid references factory (id),
  primary key (brand_id, journal_id, position),
  foreign key (brand_id, journal_id) references journal (brand_id, id),
  foreign key (brand_id, order_id) references orders (brand_id, id),
  foreign key (brand_id, member_id) references member (brand_id, id)
);
create index journal_line_account on journal_line (brand_id, account, currency, posted_at, journal_id, position, amount);
create index journal_line_order on journal_line (brand_id, order_id, account);

-- Who did what to money by hand, when and why.
create table audit (
  brand_id uuid not null references brand (id),
  id uuid not null,
  action text not null check (action in ('refund_retried', 'short_pieces_refunded', 'order_refunded', 'after_sales_decided', 'provider_event_resolved', 'refund_hastened', 'abnormal_refund_applied', 'day_reconciled', 'difference_resolved', 'refund_terms_set', 'commission_paid', 'transfer_cancelled', 'compensation_paid', 'factory_payment_recorded')),
  subject text not null, -- Public id of what it was done to.
  order_id uuid,
  amount bigint, -- Fen it is about.
  why text, -- As the person put it.
  actor_kind text not null check (actor_kind in ('member', 'staff', 'factory', 'system', 'wechat')),
  actor_id uuid,
  created_at timestamptz not null,
  primary key (brand_id, id),
  foreign key (brand_id, order_id) references orders (brand_id, id)
);

-- What the finance desk looks for.
create index refund_unfinished on refund (brand_id, status, id) where status <> 'succeeded';
create index provider_event_problem on provider_event (brand_id, received_at) where problem is not null and resolved_at is null;
