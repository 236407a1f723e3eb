//! What the bills must say beside the books.

use super::Invariant;

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant {
        area: "bills",
        rule: "a payment's or refund's fee is booked once, as its bill says",
        examined: "select count(*) from bill_entry",
        breaches: "select count(*) from bill_entry e where e.fee <> \
                   coalesce((select sum(l.amount) from journal j join journal_line l on l.brand_id = j.brand_id and l.journal_id = j.id \
                   where j.brand_id = e.brand_id and j.source_id = e.subject_id and j.kind = 'provider_fee' and l.account = 'provider_fees'), 0)",
    },
    Invariant {
        area: "bills",
        rule: "no fee is booked that no bill named",
        examined: "select count(*) from journal where kind = 'provider_fee'",
        breaches: "select count(*) from journal j where j.kind = 'provider_fee' and not exists (select 1 from bill_entry e \
                   where e.brand_id = j.brand_id and e.subject_id = j.source_id)",
    },
    Invariant {
        area: "bills",
        rule: "what a bill named was paid, and what it refunded was sent",
        examined: "select count(*) from bill_entry",
        breaches: "select count(*) from bill_entry e left join payment_attempt a on a.brand_id = e.brand_id and a.id = e.attempt_id \
                   left join refund r on r.brand_id = e.brand_id and r.id = e.refund_id \
                   where (a.id is not null and a.status <> 'paid') or (r.id is not null and r.status = 'pending')",
    },
    Invariant {
        area: "bills",
        rule: "a day differs exactly while a difference of it is open",
        examined: "select count(*) from reconciliation",
        breaches: "select count(*) from reconciliation r where (case when r.status = 'differing' then 1 else 0 end) <> \
                   (case when exists (select 1 from reconciliation_difference d where d.brand_id = r.brand_id \
                   and d.reconciliation_id = r.id and d.status = 'open') then 1 else 0 end)",
    },
    Invariant {
        area: "bills",
        rule: "a balanced day moved the account as our rows say",
        examined: "select count(*) from reconciliation where status = 'balanced'",
        breaches: "select count(*) from reconciliation where status = 'balanced' and (bill_movement <> our_movement or checked_at is null)",
    },
];
