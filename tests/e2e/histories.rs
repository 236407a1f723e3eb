//! Histories of money, drawn at random: what they are and what must be so in the end is told in `tests::histories`.
//! The program `histories` plays them by the thousand.

use tests::Backend;
use tests::histories::script::History;
use tests::histories::{Plan, any_seed, known, play, read_seed, run};

/// Plays as many as there is time for here. SMALLBATCH_SEED repeats a run.
async fn end_well(backend: Backend, histories: usize) {
    let seed = given_seed().unwrap_or_else(any_seed);
    println!("seed {seed:#x}");
    let plan = Plan { backend, histories, seed, season: histories, shrinks: 20 };
    match run(plan, |_| ()).await {
        Ok(reached) => println!("{reached}"),
        Err(failure) => panic!("run {seed:#x}, {failure}"),
    }
}

#[allow(clippy::disallowed_methods)] // whoever runs the tests hands the seed over in the environment
fn given_seed() -> Option<u64> {
    read_seed(&std::env::var("SMALLBATCH_SEED").ok()?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_history_ends_with_rows_ledger_and_wechats_books_agreeing_on_sqlite() {
    end_well(Backend::Sqlite, 60).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_history_ends_with_rows_ledger_and_wechats_books_agreeing_on_postgres() {
    end_well(Backend::Postgres, 25).await;
}

/// A history that once did not end well.
async fn ends_well(backend: Backend, history: History) {
    if let Err(wrong) = play(backend, &history).await {
        panic!("{wrong}");
    }
}

macro_rules! once_wrong {
    ($($name:ident $history:path;)+) => {
        $(mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                ends_well(Backend::Sqlite, $history()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                ends_well(Backend::Postgres, $history()).await;
            }
        })+
    };
}

once_wrong! {
    a_brand_that_takes_its_word_back_owes_the_double_of_pieces_whose_money_is_back known::doubled_after_all_went_back;
    a_refund_of_everything_that_wechat_closed_is_sent_again_less_what_went_back_since known::closed_twice_over_the_same_fen;
}
