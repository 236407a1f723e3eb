-- Templates of the messages that concern one member: a balance, a promise, a transfer.
alter table brand_wechat add column balance_template_id text;
alter table brand_wechat add column promise_template_id text;
alter table brand_wechat add column transfer_template_id text;

-- The WeChat message that goes with an inbox message of one member, sent at most once.
create table subscribe_message (
  brand_id uuid not null,
  id uuid not null, -- Of the inbox message.
  purpose text not null check (purpose in ('balance', 'promise', 'transfer')),
  subject_id uuid not null, -- What it tells of: an order, a question, a transfer.
  status text not null check (status in ('none', 'pending', 'sending', 'sent', 'refused', 'failed', 'unknown')), -- A send with unknown outcome is never repeated.
  updated_at timestamptz not null,
  primary key (brand_id, id),
  foreign key (brand_id, id) references inbox_message (brand_id, id)
);
