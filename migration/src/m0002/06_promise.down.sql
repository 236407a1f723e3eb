drop table promise_question;
drop table promise_change;
