-- A vote and its tally, four statements: the rows that pickDesign writes, without its key, its checks and its tally
-- by community, so the yardstick does less.
\set m random(1, @members@ - 1)
\set d random(0, 19)
begin;
insert into pick (brand_id, round_id, design_id, member_id, community_id, picked_at)
  values ('@brand@0000000000', '@round@0000000000', ('@design@' || lpad(to_hex(:d::bigint), 10, '0'))::uuid,
    ('@member@' || lpad(to_hex(:m::bigint), 10, '0'))::uuid,
    ('@community@' || lpad(to_hex(:m::bigint / 300), 10, '0'))::uuid, now())
  on conflict (brand_id, round_id, design_id, member_id) do nothing;
update round_entry set picks = picks + 1
  where brand_id = '@brand@0000000000' and round_id = '@round@0000000000'
    and design_id = ('@design@' || lpad(to_hex(:d::bigint), 10, '0'))::uuid;
commit;
