drop index provider_event_problem;
drop index refund_unfinished;
drop table audit;
drop table journal_line;
drop table journal;
drop table ledger_head;
