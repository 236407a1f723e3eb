//! What must hold of commissions, transfers and factories' money, among themselves and beside the books.

use super::Invariant;

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant {
        area: "payouts",
        rule: "a commission is the order's earner's, at its rate, of what was paid, and only once it is received and settled",
        examined: "select count(*) from commission",
        breaches: "select count(*) from commission c join orders o on o.brand_id = c.brand_id and o.id = c.order_id \
                   where o.earner_id is null or o.earner_id <> c.member_id or o.commission_bp <> c.rate_bp \
                   or o.received_at is null or o.settled_at is null or c.amount <> c.base * c.rate_bp / 10000 \
                   or c.base > (select coalesce(sum(a.amount), 0) from payment_attempt a where a.brand_id = o.brand_id and a.order_id = o.id and a.settles)",
    },
    Invariant {
        area: "payouts",
        rule: "what is left of a commission is what the order's money that is not back would earn",
        examined: "select count(*) from commission",
        breaches: "select count(*) from commission c where c.amount - c.reversed > \
                   (select coalesce(sum(a.amount - (select coalesce(sum(r.amount), 0) from refund r where r.brand_id = a.brand_id \
                   and r.attempt_id = a.id and r.status = 'succeeded')), 0) from payment_attempt a \
                   where a.brand_id = c.brand_id and a.order_id = c.order_id and a.settles) * c.rate_bp / 10000 \
                   and not exists (select 1 from outbox e where e.brand_id = c.brand_id and e.kind = 'refund.succeeded' and e.done_at is null)",
    },
    Invariant {
        area: "payouts",
        rule: "what was taken back, is on its way and was paid of a commission is in its reversals and transfers, each fen once",
        examined: "select count(*) from commission",
        breaches: "select count(*) from commission c where \
                   c.reversed <> (select coalesce(sum(r.amount), 0) from commission_reversal r where r.brand_id = c.brand_id and r.commission_id = c.id) \
                   or c.paying <> (select coalesce(sum(l.amount), 0) from transfer_line l join transfer t on t.brand_id = l.brand_id and t.id = l.transfer_id \
                   where l.brand_id = c.brand_id and l.commission_id = c.id and t.status not in ('succeeded', 'failed', 'cancelled')) \
                   or c.paid <> (select coalesce(sum(l.amount), 0) from transfer_line l join transfer t on t.brand_id = l.brand_id and t.id = l.transfer_id \
                   where l.brand_id = c.brand_id and l.commission_id = c.id and t.status = 'succeeded') \
                   or c.paid > c.amount or (c.paying > 0 and c.paying > c.amount - c.paid)",
    },
    Invariant {
        area: "payouts",
        rule: "a commission's state is what its numbers say",
        examined: "select count(*) from commission",
        breaches: "select count(*) from commission c where c.status <> (case when c.paying <> 0 then 'paying' \
                   when c.amount - c.reversed < c.paid then 'owing' \
                   when c.amount - c.reversed > c.paid then (case when c.matured_at is null then 'frozen' else 'available' end) \
                   when c.paid > 0 then 'paid' else 'reversed' end) or c.matured_at < c.available_at",
    },
    Invariant {
        area: "payouts",
        rule: "commission payable to a KOC is what she earned, less what was taken back and paid",
        examined: "select count(*) from (select distinct brand_id, member_id from commission) k",
        breaches: "select count(*) from (select c.brand_id, c.member_id, sum(c.amount - c.reversed - c.paid) as owed from commission c \
                   group by c.brand_id, c.member_id) k where k.owed <> (select -coalesce(sum(l.amount), 0) from journal_line l \
                   where l.brand_id = k.brand_id and l.account = 'commission_payable' and l.member_id = k.member_id)",
    },
    Invariant {
        area: "payouts",
        rule: "a transfer is over its lines, pays its member, and is booked when it arrived and never before",
        examined: "select count(*) from transfer",
        breaches: "select count(*) from transfer t where \
                   t.amount <> (select coalesce(sum(l.amount), 0) from transfer_line l where l.brand_id = t.brand_id and l.transfer_id = t.id) \
                   or exists (select 1 from transfer_line l left join commission c on c.brand_id = l.brand_id and c.id = l.commission_id \
                   left join compensation d on d.brand_id = l.brand_id and d.id = l.compensation_id \
                   left join orders o on o.brand_id = d.brand_id and o.id = d.order_id \
                   where l.brand_id = t.brand_id and l.transfer_id = t.id and coalesce(c.member_id, o.member_id) <> t.member_id) \
                   or (case when t.status = 'succeeded' then -t.amount else 0 end) <> \
                   coalesce((select sum(l.amount) from journal j join journal_line l on l.brand_id = j.brand_id and l.journal_id = j.id \
                   where j.brand_id = t.brand_id and j.source_id = t.id and j.kind in ('commission_paid', 'compensation_paid') \
                   and l.account = 'clearing'), 0)",
    },
    Invariant {
        area: "payouts",
        rule: "no more of a compensation is paid or on its way than is owed, and its state says how far it is",
        examined: "select count(*) from compensation",
        breaches: "select count(*) from (select d.status, d.amount, \
                   coalesce(sum(case when t.status = 'succeeded' then l.amount else 0 end), 0) as paid, \
                   coalesce(sum(case when t.status in ('succeeded', 'failed', 'cancelled') then 0 else l.amount end), 0) as paying \
                   from compensation d left join transfer_line l on l.brand_id = d.brand_id and l.compensation_id = d.id \
                   left join transfer t on t.brand_id = l.brand_id and t.id = l.transfer_id group by d.brand_id, d.id, d.status, d.amount) k \
                   where k.paid + k.paying > k.amount or k.status <> (case when k.paid = k.amount then 'paid' when k.paying > 0 then 'paying' else 'owed' end)",
    },
    Invariant {
        area: "payouts",
        rule: "interest on a refund that came late is owed once",
        examined: "select count(*) from refund where interest > 0",
        breaches: "select count(*) from refund r where r.interest <> coalesce((select sum(d.amount) from compensation d \
                   where d.brand_id = r.brand_id and d.refund_id = r.id), 0)",
    },
    Invariant {
        area: "payouts",
        rule: "compensation payable is what is owed and has not arrived",
        examined: "select count(*) from ledger_head",
        breaches: "select count(*) from brand b where \
                   (select -coalesce(sum(l.amount), 0) from journal_line l where l.brand_id = b.id and l.account = 'compensation_payable') <> \
                   (select coalesce(sum(d.amount), 0) from compensation d where d.brand_id = b.id) \
                   - (select coalesce(sum(t.amount), 0) from transfer t where t.brand_id = b.id and t.kind = 'compensation' and t.status = 'succeeded')",
    },
    Invariant {
        area: "payouts",
        rule: "a factory's account is its payables and payments, in its row and in the books",
        examined: "select count(*) from factory_account",
        breaches: "select count(*) from factory_account f where \
                   f.accrued <> (select coalesce(sum(p.amount), 0) from factory_payable p where p.brand_id = f.brand_id and p.factory_id = f.factory_id) \
                   or f.paid <> (select coalesce(sum(p.amount), 0) from factory_payment p where p.brand_id = f.brand_id and p.factory_id = f.factory_id) \
                   or f.accrued - f.paid <> (select -coalesce(sum(l.amount), 0) from journal_line l where l.brand_id = f.brand_id \
                   and l.account = 'factory_payable' and l.factory_id = f.factory_id)",
    },
    Invariant {
        area: "payouts",
        rule: "a factory is owed for the pieces of a batch that were taken in, at the batch's price",
        examined: "select count(*) from factory_payable",
        breaches: "select count(*) from factory_payable p join batch b on b.brand_id = p.brand_id and b.id = p.batch_id \
                   where p.factory_id <> b.factory_id or p.price_per_piece <> b.price_per_piece or p.amount <> p.pieces * p.price_per_piece \
                   or p.pieces <> (select coalesce(sum(s.pieces), 0) from shipment s where s.brand_id = p.brand_id and s.batch_id = p.batch_id and s.received_at is not null)",
    },
];
