-- A circle of members around one KOC.
create table community (
  brand_id uuid not null references brand (id),
  id uuid not null,
  koc_member_id uuid not null,
  name text not null,
  need text not null, -- The shared long-tail need in a sentence.
  invite_code text not null,
  cap integer not null check (cap between 1 and 500),
  member_count integer not null check (member_count >= 0), -- Active memberships; the KOC is not counted.
  status text not null check (status in ('active', 'closed')),
  created_at timestamptz not null,
  primary key (brand_id, id),
  unique (brand_id, invite_code),
  foreign key (brand_id, koc_member_id) references koc (brand_id, member_id),
  check (member_count <= cap)
);
create index community_koc on community (brand_id, koc_member_id, id);

-- A member in a community, with where she came from.
create table membership (
  brand_id uuid not null,
  community_id uuid not null,
  member_id uuid not null,
  status text not null check (status in ('active', 'left')),
  source text not null check (source in ('invite_code', 'qr_code', 'share_card', 'group', 'moments', 'search', 'other')),
  scene integer, -- WeChat launch scene, when the client knows it.
  joined_at timestamptz not null,
  left_at timestamptz,
  primary key (brand_id, community_id, member_id),
  foreign key (brand_id, community_id) references community (brand_id, id),
  foreign key (brand_id, member_id) references member (brand_id, id)
);
create index membership_member on membership (brand_id, member_id, status);

-- A pre-product.
create table design (
  brand_id uuid not null references brand (id),
  id uuid not null,
  style_no text not null, -- `D-0001`, from the brand's counter.
  designer_id uuid not null,
  status text not null check (status in ('draft', 'submitted', 'in_round', 'advanced', 'retired')),
  version integer not null check (version >= 1), -- The version now worked on or shown.
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (brand_id, id),
  unique (brand_id, style_no),
  foreign key (brand_id, designer_id) references staff (brand_id, id)
);
create index design_status on design (brand_id, status, id);

-- One version of a design; frozen once submitted.
create table design_version (
  brand_id uuid not null,
  id uuid not null,
  design_id uuid not null,
  version integer not null check (version >= 1),
  title text not null,
  description text not null,
  category text not null,
  season text,
  fabric text,
  fit text,
  attributes jsonb not null, -- Further name–value pairs, for display only.
  submitted_at timestamptz,
  created_at timestamptz not null,
  primary key (brand_id, id),
  unique (brand_id, design_id, version),
  foreign key (brand_id, design_id) references design (brand_id, id)
);

-- Pictures of a design version in order.
create table design_picture (
  brand_id uuid not null,
  design_version_id uuid not null,
  position integer not null check (position >= 1),
  media_id uuid not null,
  primary key (brand_id, design_version_id, position),
  foreign key (brand_id, design_version_id) references design_version (brand_id, id),
  foreign key (brand_id, media_id) references media (brand_id, id)
);

-- One slate put to one or more communities for a time.
create table round (
  brand_id uuid not null references brand (id),
  id uuid not null,
  title text not null,
  status text not null check (status in ('draft', 'scheduled', 'open', 'closed', 'cancelled')),
  advance_count integer not null check (advance_count >= 1), -- K: how many designs advance.
  opens_at timestamptz not null,
  closes_at timestamptz not null,
  closed_at timestamptz,
  tie_break text check (tie_break in ('earlier_last_pick', 'slate_position')), -- The last rule that was needed to order equal tallies, on record when the round closes.
  created_at timestamptz not null,
  primary key (brand_id, id),
  check (closes_at > opens_at)
);
create index round_status on round (brand_id, status, id);

create table round_community (
  brand_id uuid not null,
  round_id uuid not null,
  community_id uuid not null,
  members_at_close integer, -- Active members when the round closed.
  primary key (brand_id, round_id, community_id),
  foreign key (brand_id, round_id) references round (brand_id, id),
  foreign key (brand_id, community_id) references community (brand_id, id)
);
create index round_community_community on round_community (brand_id, community_id, round_id);

-- A design on a round's slate, with its tally.
create table round_entry (
  brand_id uuid not null,
  id uuid not null,
  round_id uuid not null,
  design_id uuid not null,
  design_version_id uuid not null,
  position integer not null check (position >= 1), -- Place on the slate.
  picks integer not null check (picks >= 0), -- Tally over all communities.
  frozen boolean not null, -- Set when the round closes, before the count: the tally never changes again. On the row that a pick updates, so that a pick under way meets it.
  last_pick_at timestamptz, -- Of the last standing pick; set when the round closes, earlier wins a tie.
  rank integer, -- Set when the round closes; 1 is first.
  advanced boolean not null,
  primary key (brand_id, id),
  unique (brand_id, round_id, design_id),
  unique (brand_id, round_id, position),
  foreign key (brand_id, round_id) references round (brand_id, id),
  foreign key (brand_id, design_id) references design (brand_id, id),
  foreign key (brand_id, design_version_id) references design_version (brand_id, id)
);

-- The tally per community.
create table round_tally (
  brand_id uuid not null,
  round_id uuid not null,
  design_id uuid not null,
  community_id uuid not null,
  picks integer not null check (picks >= 0),
  primary key (brand_id, round_id, design_id, community_id),
  foreign key (brand_id, round_id, design_id) references round_entry (brand_id, round_id, design_id),
  foreign key (brand_id, round_id, community_id) references round_community (brand_id, round_id, community_id)
);

-- "I would wear this": one member, one design, one pick; free, equal, without weight or reward.
create table pick (
  brand_id uuid not null,
  round_id uuid not null,
  design_id uuid not null,
  member_id uuid not null,
  community_id uuid not null, -- The community the pick counts for: the first of the round's that the member joined.
  picked_at timestamptz not null,
  primary key (brand_id, round_id, design_id, member_id),
  foreign key (brand_id, round_id, design_id) references round_entry (brand_id, round_id, design_id),
  foreign key (brand_id, round_id, community_id) references round_community (brand_id, round_id, community_id),
  foreign key (brand_id, member_id) references member (brand_id, id)
);
create index pick_member on pick (brand_id, member_id, round_id);
