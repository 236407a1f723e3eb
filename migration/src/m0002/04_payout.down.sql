drop table factory_payment;
drop table factory_payable;
drop table factory_account;
drop table transfer_line;
drop table transfer;
drop table commission_reversal;
drop table commission;
