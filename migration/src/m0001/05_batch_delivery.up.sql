-- A production order for one design: a size × colour matrix of paid pieces.
create table batch (
  brand_id uuid not null references brand (id),
  id uuid not null,
  batch_no text not null, -- `B-000001`, never reused; the cut number that follows the lot.
  presale_id uuid not null,
  design_id uuid not null,
  design_version_id uuid not null,
  status text not null check (status in ('draft', 'released', 'leased', 'countered', 'accepted', 'in_production', 'shipped', 'received', 'closed', 'cancelled')),
  revision integer not null check (revision >= 1), -- Of the matrix and terms; rises when they change.
  epoch integer not null check (epoch >= 0), -- Rises with each claim; a write under an older epoch is refused.
  factory_id uuid references factory (id), -- The holder under the current epoch; null while nobody holds it.
  lease_expires_at timestamptz,
  progress_revision integer not null check (progress_revision >= 0), -- Of the last progress report.
  pieces integer not null check (pieces >= 1),
  shipped_pieces integer not null check (shipped_pieces >= 0),
  price_per_piece bigint not null check (price_per_piece >= 0), -- Fen paid to the factory.
  currency text not null check (length(currency) = 3),
  due_date date not null, -- Ex-factory, in the brand's time zone.
  ship_to text not null, -- The brand's warehouse; no buyer's address.
  hang_tag jsonb not null, -- Display data for the Chinese hang tag (GB/T 5296.4) and cut ticket notes.
  note text,
  released_at timestamptz not null,
  created_at timestamptz not null,
  primary key (brand_id, id),
  unique (brand_id, batch_no),
  foreign key (brand_id, presale_id) references presale (brand_id, id),
  foreign key (brand_id, design_id) references design (brand_id, id),
  foreign key (brand_id, design_version_id) references design_version (brand_id, id),
  check (shipped_pieces <= pieces)
);
create index batch_presale on batch (brand_id, presale_id, id);
create index batch_status on batch (brand_id, status, id);

-- Factories a batch is offered to; the first to claim it holds it.
create table batch_offer (
  brand_id uuid not null,
  batch_id uuid not null,
  factory_id uuid not null references factory (id),
  primary key (brand_id, batch_id, factory_id),
  foreign key (brand_id, batch_id) references batch (brand_id, id)
);

-- One cell of the matrix.
create table batch_cell (
  brand_id uuid not null,
  batch_id uuid not null,
  sku_id uuid not null,
  pieces integer not null check (pieces >= 1),
  shipped integer not null check (shipped >= 0),
  primary key (brand_id, batch_id, sku_id),
  foreign key (brand_id, batch_id) references batch (brand_id, id),
  foreign key (brand_id, sku_id) references presale_sku (brand_id, id),
  check (shipped <= pieces)
);

-- Which batch makes which paid piece. Cancelling a batch ends its allocations and keeps them as history.
create table allocation (
  brand_id uuid not null,
  id uuid not null,
  order_line_id uuid not null,
  piece_no integer not null check (piece_no >= 1), -- 1 … quantity of the line.
  batch_id uuid not null,
  sku_id uuid not null,
  status text not null check (status in ('live', 'surplus', 'ended')), -- `surplus`: it is made, and its buyer has her money back.
  created_at timestamptz not null,
  ended_at timestamptz,
  primary key (brand_id, id),
  foreign key (brand_id, order_line_id) references order_line (brand_id, id),
  foreign key (brand_id, batch_id) references batch (brand_id, id),
  foreign key (brand_id, batch_id, sku_id) references batch_cell (brand_id, batch_id, sku_id)
);
create unique index allocation_live_piece on allocation (brand_id, order_line_id, piece_no) where status = 'live';
create index allocation_batch on allocation (brand_id, batch_id, sku_id);

-- Counts a factory reported, per stage and cell, as rising revisions.
create table batch_progress (
  brand_id uuid not null,
  batch_id uuid not null,
  revision integer not null check (revision >= 1),
  stage text not null check (stage in ('fabric_in', 'cut', 'sewn', 'finished', 'qc', 'packed')),
  sku_id uuid not null,
  pieces integer not null check (pieces >= 0), -- Cumulative for the stage and cell.
  epoch integer not null check (epoch >= 1),
  factory_id uuid not null references factory (id),
  note text,
  reported_at timestamptz not null,
  primary key (brand_id, batch_id, revision, sku_id),
  foreign key (brand_id, batch_id, sku_id) references batch_cell (brand_id, batch_id, sku_id)
);
create index batch_progress_stage on batch_progress (brand_id, batch_id, stage, sku_id);

-- A ship notice: what left the factory, in which cartons.
create table shipment (
  brand_id uuid not null,
  id uuid not null,
  batch_id uuid not null,
  factory_id uuid not null references factory (id),
  epoch integer not null check (epoch >= 1),
  carrier text not null,
  tracking_no text not null,
  cartons integer not null check (cartons >= 1),
  pieces integer not null check (pieces >= 1),
  shipped_at timestamptz not null,
  received_at timestamptz,
  primary key (brand_id, id),
  unique (brand_id, batch_id, carrier, tracking_no),
  foreign key (brand_id, batch_id) references batch (brand_id, id)
);

create table shipment_cell (
  brand_id uuid not null,
  shipment_id uuid not null,
  batch_id uuid not null,
  sku_id uuid not null,
  pieces integer not null check (pieces >= 1),
  primary key (brand_id, shipment_id, sku_id),
  foreign key (brand_id, shipment_id) references shipment (brand_id, id),
  foreign key (brand_id, batch_id, sku_id) references batch_cell (brand_id, batch_id, sku_id)
);

-- One buyer's parcel from a shipped batch.
create table parcel (
  brand_id uuid not null,
  id uuid not null,
  order_id uuid not null,
  batch_id uuid not null,
  shipment_id uuid not null, -- The ship notice its pieces came with.
  status text not null check (status in ('packing', 'shipped', 'received')),
  carrier text,
  tracking_no text,
  pieces integer not null check (pieces >= 1),
  shipped_at timestamptz,
  received_at timestamptz,
  created_at timestamptz not null,
  primary key (brand_id, id),
  unique (brand_id, carrier, tracking_no),
  unique (brand_id, shipment_id, order_id), -- Planning a shipment twice plans nothing new.
  foreign key (brand_id, order_id) references orders (brand_id, id),
  foreign key (brand_id, batch_id) references batch (brand_id, id),
  foreign key (brand_id, shipment_id) references shipment (brand_id, id)
);
create index parcel_order on parcel (brand_id, order_id);
create index parcel_batch on parcel (brand_id, batch_id, status, id);

-- One physical garment: made for one allocation, sent in one parcel.
create table unit (
  brand_id uuid not null,
  id uuid not null,
  code text not null, -- Short code on the per-unit label.
  allocation_id uuid not null,
  batch_id uuid not null,
  sku_id uuid not null,
  status text not null check (status in ('planned', 'made', 'passed', 'rework', 'scrapped', 'packed', 'shipped', 'void')), -- `void`: its allocation ended before it was made.
  shipment_id uuid,
  parcel_id uuid,
  primary key (brand_id, id),
  unique (brand_id, code),
  unique (brand_id, allocation_id),
  foreign key (brand_id, allocation_id) references allocation (brand_id, id),
  foreign key (brand_id, batch_id, sku_id) references batch_cell (brand_id, batch_id, sku_id),
  foreign key (brand_id, shipment_id) references shipment (brand_id, id),
  foreign key (brand_id, parcel_id) references parcel (brand_id, id)
);
create index unit_batch on unit (brand_id, batch_id, status);
create index unit_parcel on unit (brand_id, parcel_id);

-- A factory's own ordered, gap-free queue across brands: a projection fed by the outbox, led by factory_id.
create table factory_feed (
  factory_id uuid not null references factory (id),
  sequence bigint not null check (sequence >= 1),
  event_id uuid not null, -- The outbox event it came from; makes the projection repeatable.
  brand_id uuid not null,
  batch_id uuid not null,
  kind text not null check (kind in ('offered', 'withdrawn', 'claimed', 'lapsed', 'cancelled', 'updated')),
  epoch integer not null check (epoch >= 0),
  created_at timestamptz not null,
  primary key (factory_id, sequence),
  unique (factory_id, event_id),
  foreign key (brand_id, batch_id) references batch (brand_id, id)
);
create index factory_feed_batch on factory_feed (factory_id, batch_id, sequence);
