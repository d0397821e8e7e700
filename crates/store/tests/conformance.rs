//! One suite, every store: what any of them promises.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;
mod suite;

/// Each test runs on a store of its own.
macro_rules! conform {
    ($($module:ident: $($test:ident),* $(,)?;)*) => {
        mod memory {
            $($(
                #[test]
                fn $test() {
                    store::ready(crate::suite::$module::$test(store::Memory::new().store()));
                }
            )*)*
        }

        mod sqlite {
            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    let folder = crate::common::Folder::new();
                    let opened = store::Sqlite::open(folder.file("test.db"), store::SqliteConfig::default()).await;
                    let sqlite = opened.expect("a new store opens");
                    crate::suite::$module::$test(sqlite.clone().into()).await;
                    let findings = store::Store::from(sqlite.clone()).check().await.expect("the store answers");
                    assert_eq!(findings, [], "after the test");
                    sqlite.close().await;
                }
            )*)*
        }

        mod postgres {
            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    let Some(schema) = crate::common::postgres::schema().await else { return };
                    let opened = store::Postgres::open(&schema.url, store::PostgresConfig::default()).await;
                    let postgres = opened.expect("a new store opens");
                    crate::suite::$module::$test(postgres.clone().into()).await;
                    let findings = store::Store::from(postgres.clone()).check().await.expect("the store answers");
                    assert_eq!(findings, [], "after the test");
                    postgres.close().await;
                    schema.drop().await;
                }
            )*)*
        }
    };
}

conform! {
    commits:
        what_is_committed_is_loaded,
        what_was_learned_is_changed_and_forgotten,
        what_recurs_no_more_is_taken_back,
        repeats_move_only_the_hot_part_and_are_laid_over_the_alert,
        what_many_repeats_moved_reads_the_same_once_it_is_laid_down,
        what_is_owed_behind_the_horizon_is_loaded_as_it_was_said_last,
        a_commit_from_where_the_store_is_not_is_refused_whole,
        gaps_are_ranges_and_ranges_tile,
        outputs_wait_in_their_order_until_they_are_told,
        a_slot_begins_where_it_begins,
        an_older_epoch_is_fenced_off,
        an_epoch_the_store_never_gave_means_it_lost_its_tail,
        a_commit_that_follows_another_is_a_conflict,
        a_commit_that_contradicts_itself_is_refused,
        numbers_are_given_once_in_the_order_of_appearance,
        the_clock_never_goes_back,
        the_first_answer_of_a_key_stays_for_a_day,
        several_steps_of_one_domain_end_as_the_last_says;
    intake:
        what_came_is_stored_or_dead_lettered_or_named,
        what_was_lost_is_listed_as_it_was_noticed;
    issued:
        a_revision_of_a_period_is_issued_once_and_in_order,
        of_two_who_issue_at_once_one_does,
        what_was_issued_is_never_swept_away;
    packs:
        what_is_packed_is_what_the_rows_say,
        days_of_nothing_are_passed_over,
        only_days_that_are_past_are_packed,
        what_a_partition_writes_that_lies_behind_is_seen;
    engine:
        an_episode_stays_until_it_is_said_never_to_have_been,
        an_alert_that_comes_again_keeps_what_it_was_forgotten_with,
        episodes_and_statements_are_loaded_as_they_were,
        a_forgotten_alert_stays_and_is_not_loaded,
        a_final_incident_is_loaded_for_one_more_horizon,
        what_is_forgotten_of_an_incident_stays_but_for_its_problem,
        what_lies_behind_the_horizon_is_not_loaded,
        domains_are_loaded_apart,
        versions_of_the_topology_are_kept_whole;
    questions:
        pages_follow_each_other_without_gap_or_repetition,
        alerts_are_found_by_every_filter,
        items_on_which_an_alert_changed_are_told_once_each,
        incidents_are_found_by_every_filter,
        what_was_seen_before_is_found_by_cause_and_by_complaints_however_long_ago,
        declared_major_incidents_are_listed_and_those_that_owe_a_review,
        incidents_are_found_by_the_changes_they_suspect,
        members_are_alerts_with_their_episodes,
        incidents_that_touch_an_interval_are_found,
        outages_that_overlap_an_interval_are_found,
        facts_are_listed,
        corrections_are_found_by_where_they_make_a_difference,
        false_positives_are_found_without_a_look_at_the_rest,
        the_episodes_of_an_incident_are_read_as_the_engine_had_them,
        the_newest_recovery_point_before_an_interval_counts,
        a_subject_has_its_timeline,
        counts_add_up_by_hour,
        the_history_of_an_interval_is_what_fired_in_it_with_all_that_was_said,
        the_audit_is_filtered_newest_first;
    life:
        a_message_is_due_until_it_is_delivered,
        a_dead_letter_is_kept_as_it_came_and_replayed_once,
        what_is_kept_for_a_time_goes_in_slices,
        the_ledger_folds_and_still_tiles,
        a_copy_holds_the_same_and_fences_off_who_wrote_the_first;
    news:
        rows_that_changed_are_told_once_as_they_stand_and_none_else,
        who_is_far_behind_hears_of_some_commits_at_a_time,
        who_writes_all_of_a_store_notes_nothing;
    partitions:
        partitions_commit_side_by_side_each_with_its_own_epoch_and_chain,
        a_zombie_of_one_partition_is_fenced_off_while_another_goes_on,
        numbers_are_one_sequence_for_all_partitions,
        a_partition_loads_its_own_domains_alone,
        what_holds_the_time_of_a_partition_back_is_loaded_as_it_was_said_last,
        a_domain_has_the_writer_that_wrote_it_first,
        a_store_is_written_whole_or_by_partitions_and_never_both,
        a_log_of_another_number_of_partitions_is_told_from_the_one_that_domains_were_decided_from,
        a_version_of_the_cmdb_is_announced_for_after_what_any_partition_has_come_to,
        outputs_of_a_quiet_partition_do_not_wait_for_a_busy_one,
        each_partition_has_a_timeline_of_its_own_that_goes_on_after_any_line,
        the_newest_commits_of_each_partition_are_kept,
        a_copy_of_several_partitions_holds_the_same_and_fences_all_of_them_off;
}
