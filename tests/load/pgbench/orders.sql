-- A member's ten newest orders with their lines, as two statements.
\set m random(0, @buyers@ - 1)
select o.id, o.order_no, o.status, o.pieces, o.amount, o.currency, o.promise_date, o.created_at, p.id, p.title
  from orders o join presale p on p.brand_id = o.brand_id and p.id = o.presale_id
  where o.brand_id = '@brand@0000000000' and o.member_id = ('@member@' || lpad(to_hex(:m::bigint), 10, '0'))::uuid
  order by o.id desc limit 10;
select l.order_id, l.id, l.quantity, l.unit_price, s.id, s.color, s.size
  from order_line l join presale_sku s on s.brand_id = l.brand_id and s.id = l.sku_id
  where l.brand_id = '@brand@0000000000' and l.order_id in (select o.id from orders o
    where o.brand_id = '@brand@0000000000' and o.member_id = ('@member@' || lpad(to_hex(:m::bigint), 10, '0'))::uuid
    order by o.id desc limit 10)
  order by l.order_id, l.position;
