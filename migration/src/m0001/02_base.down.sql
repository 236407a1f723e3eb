drop table provider_event;
drop table security_check;
drop table media;
drop table state_change;
drop table timer;
drop table outbox;
drop table idempotency;
drop table brand_counter;
