drop index refund_finished;
drop index payment_attempt_paid;
drop table bill_entry;
drop table reconciliation_difference;
drop table reconciliation;
