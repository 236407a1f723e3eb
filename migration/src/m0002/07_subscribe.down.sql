drop table subscribe_message;
alter table brand_wechat drop column transfer_template_id;
alter table brand_wechat drop column promise_template_id;
alter table brand_wechat drop column balance_template_id;
