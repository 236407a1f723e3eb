drop table shipping_record;
drop table presale_declaration;
