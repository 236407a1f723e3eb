drop table after_sales_refund;
drop table after_sales_line;
drop table after_sales;
drop table compensation;
drop table presale_tier;
