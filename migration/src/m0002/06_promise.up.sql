-- A later ship-by date of a presale, which each of its buyers accepts or does not.
create table promise_change (
  brand_id uuid not null references brand (id),
  id uuid not null,
  presale_id uuid not null,
  from_date date not null, -- What was promised until then; orders placed under it keep it.
  promise_date date not null,
  reason text not null, -- What buyers read.
  answer_by timestamptz not null,
  silence text not null check (silence in ('wait', 'refund')), -- What it means when a buyer has not answered by then.
  created_by uuid not null,
  created_at timestamptz not null,
  primary key (brand_id, id),
  foreign key (brand_id, presale_id) references presale (brand_id, id),
  foreign key (brand_id, created_by) references staff (brand_id, id),
  check (promise_date > from_date)
);
create index promise_change_presale on promise_change (brand_id, presale_id, id);

-- The change as it was put to one buyer.
create table promise_question (
  brand_id uuid not null,
  id uuid not null,
  change_id uuid not null,
  order_id uuid not null,
  status text not null check (status in ('asked', 'accepted', 'refused', 'overtaken')),
  reminded_at timestamptz,
  answered_at timestamptz,
  created_at timestamptz not null,
  primary key (brand_id, id),
  unique (brand_id, order_id, change_id),
  foreign key (brand_id, change_id) references promise_change (brand_id, id),
  foreign key (brand_id, order_id) references orders (brand_id, id)
);
create index promise_question_change on promise_question (brand_id, change_id, status, id);
