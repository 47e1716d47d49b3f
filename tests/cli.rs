//! `ks-lint` as it is run: options, exit status, bad input.
#![allow(clippy::expect_used, clippy::panic)] // a test that cannot be set up has failed

mod cli {
    mod bad_input;
    mod choices;
    mod choosing;
    mod fix;
    mod fmt;
    mod generated;
    mod include;
    mod json;
    mod ksvalidator;
    mod migrate;
    mod new;
    mod output;
    mod policy;
    mod report;
    mod rows;
    mod run;
    mod several;
    mod shellcheck;
    mod waive;
    mod watch;
}
