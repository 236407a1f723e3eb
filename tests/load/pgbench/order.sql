-- An order of two lines, six statements, the hot row last: the order, its lines and event that placeOrder writes. Without
-- its key, its amount due, its timer, its history, the buyer's limit and address, and with one hot row instead of two,
-- so the yardstick does less.
\set m random(1, @members@ - 1)
\set s random(0, 11)
\set t (:s + random(1, 11)) % 12
\set no random(0, 9000000000000000)
\set id random(0, 9000000000000000)
begin;
insert into orders (brand_id, id, order_no, presale_id, member_id, community_id, commission_bp, status, version, pieces, amount, plan,
    first_leg, balance_days, currency, promise_date, terms_version, address, recipient_masked, phone_masked, region, hold_expires_at, created_at)
  values ('@brand@0000000000', ('00000000-0000-7000-8' || lpad(to_hex(:id::bigint), 15, '0'))::uuid, :no::bigint::text,
    '@presale@0000000000', ('@member@' || lpad(to_hex(:m::bigint), 10, '0'))::uuid, null, 0, 'pending_payment', 1, 2, 39800,
    'full', 0, 0, 'CNY', date '2027-12-01', '2026-01', decode(repeat('5a', 180), 'hex'), '王**', '139******78', '上海市 徐汇区',
    now() + interval '15 minutes', now());
insert into order_line (brand_id, id, order_id, sku_id, position, quantity, refunded, returned, unit_price)
  values ('@brand@0000000000', ('00000000-0000-7000-9' || lpad(to_hex(:id::bigint), 15, '0'))::uuid,
      ('00000000-0000-7000-8' || lpad(to_hex(:id::bigint), 15, '0'))::uuid,
      ('@sku@' || lpad(to_hex(:s::bigint), 10, '0'))::uuid, 1, 1, 0, 0, 19900),
    ('@brand@0000000000', ('00000000-0000-7000-a' || lpad(to_hex(:id::bigint), 15, '0'))::uuid,
      ('00000000-0000-7000-8' || lpad(to_hex(:id::bigint), 15, '0'))::uuid,
      ('@sku@' || lpad(to_hex(:t::bigint), 10, '0'))::uuid, 2, 1, 0, 0, 19900);
insert into outbox (brand_id, id, aggregate_kind, aggregate_id, sequence, kind, version, payload, attempts, available_at,
    done_at, created_at)
  values ('@brand@0000000000', ('00000000-0000-7000-b' || lpad(to_hex(:id::bigint), 15, '0'))::uuid, 'order',
    ('00000000-0000-7000-8' || lpad(to_hex(:id::bigint), 15, '0'))::uuid, 1, 'order.placed', 1, '{"pieces": 2}', 0, now(),
    now(), now());
update presale_sku set held = held + 2
  where brand_id = '@brand@0000000000' and id = ('@sku@' || lpad(to_hex(:s::bigint), 10, '0'))::uuid
    and selling and held + paid + 2 <= cap;
commit;
