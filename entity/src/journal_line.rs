//! One account's part in a journal.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum LedgerAccount {
    #[sea_orm(string_value = "clearing")]
    Clearing,
    #[sea_orm(string_value = "bank")]
    Bank,
    #[sea_orm(string_value = "member_payments")]
    MemberPayments,
    #[sea_orm(string_value = "deposits_held")]
    DepositsHeld,
    #[sea_orm(string_value = "refunds_payable")]
    RefundsPayable,
    #[sea_orm(string_value = "revenue")]
    Revenue,
    #[sea_orm(string_value = "forfeited_deposits")]
    ForfeitedDeposits,
    #[sea_orm(string_value = "compensation")]
    Compensation,
    #[sea_orm(string_value = "compensation_payable")]
    CompensationPayable,
    #[sea_orm(string_value = "provider_fees")]
    ProviderFees,
    #[sea_orm(string_value = "commission_expense")]
    CommissionExpense,
    #[sea_orm(string_value = "commission_payable")]
    CommissionPayable,
    #[sea_orm(string_value = "factory_cost")]
    FactoryCost,
    #[sea_orm(string_value = "factory_payable")]
    FactoryPayable,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "journal_line")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub journal_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    pub account: LedgerAccount,
    /// Fen; debit positive, credit negative.
    pub amount: i64,
    pub currency: String,
    /// Of its journal; here, so that an account is read by time without it.
    pub posted_at: DateTimeUtc,
    pub order_id: Option<Uuid>,
    /// Who is paid, where it is a member (commission, compensation).
    pub member_id: Option<Uuid>,
    pub factory_id: Option<Uuid>,
}

impl ActiveModelBehavior for ActiveModel {}
