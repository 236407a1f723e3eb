-- What WeChat is told of each payment: when its goods will come, and with whom they travel. A deposit and its
-- balance are two payments.

-- A payment whose goods come later than WeChat allows by itself, declared right after it was made.
create table presale_declaration (
  brand_id uuid not null,
  attempt_id uuid not null,
  order_id uuid not null,
  promised_at timestamptz not null, -- The buyer is told this date.
  status text not null check (status in ('pending', 'declared', 'refused', 'refunded')),
  tries integer not null check (tries >= 0), -- Calls for this date.
  last_error text, -- What was last said against it.
  declared_at timestamptz,
  created_at timestamptz not null,
  primary key (brand_id, attempt_id),
  foreign key (brand_id, attempt_id) references payment_attempt (brand_id, id),
  foreign key (brand_id, order_id) references orders (brand_id, id),
  check ((status = 'declared') = (declared_at is not null))
);
create index presale_declaration_order on presale_declaration (brand_id, order_id);
create index presale_declaration_open on presale_declaration (brand_id, status, attempt_id) where status in ('pending', 'refused');

-- The shipping record of a payment at WeChat: what it is to have, what it has, and when the money settles.
create table shipping_record (
  brand_id uuid not null,
  attempt_id uuid not null,
  order_id uuid not null,
  status text not null check (status in ('pending', 'uploaded', 'stuck', 'refunded', 'settled')),
  problem text check (problem in ('carrier_unknown', 'correction_used', 'rejected')), -- Why no repetition helps.
  version integer not null check (version >= 0), -- Rises with each content; 0 when WeChat told of it first.
  content text not null, -- Digest of what WeChat is to have: parcels, carriers, whether that is all.
  taken text, -- Digest of what WeChat has; null before the first upload.
  is_split boolean not null, -- In several parcels, told as they leave.
  is_complete boolean not null, -- Whether all that is to come has left.
  completions integer not null check (completions >= 0), -- Complete contents that WeChat took; the second is the one correction.
  in_doubt boolean not null, -- A call was begun whose outcome nobody knows.
  tries integer not null check (tries >= 0), -- Failed tries of this version.
  last_error text,
  content_at timestamptz not null, -- WeChat's upload_time of this version, whole milliseconds; rises with each.
  uploaded_at timestamptz,
  estimated_settlement_at timestamptz,
  confirmed_at timestamptz, -- When the buyer, or time, confirmed the receipt.
  confirmed_by text check (confirmed_by in ('buyer', 'time')), -- Null when WeChat did not say.
  settled_at timestamptz,
  created_at timestamptz not null,
  primary key (brand_id, attempt_id),
  foreign key (brand_id, attempt_id) references payment_attempt (brand_id, id),
  foreign key (brand_id, order_id) references orders (brand_id, id),
  check ((status = 'stuck') = (problem is not null)),
  check ((status = 'settled') = (settled_at is not null))
);
create index shipping_record_order on shipping_record (brand_id, order_id);
create index shipping_record_open on shipping_record (brand_id, status, attempt_id) where status in ('pending', 'stuck');
