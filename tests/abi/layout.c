/*
 * layout.c: where the members of public structs lie, on every 64-bit platform
 *
 * Compiled with the header in each language, and never run. Lines are added, none is changed: a
 * struct may only grow at its end, by which its SIZE grows.
 */
#include "drverify.h"

#define JOIN(a, b) a##b
#define NAME(a, b) JOIN(a, b)
#define HOLDS(condition) extern char NAME(holds_, __LINE__)[(condition) ? 1 : -1]
#define SIZE(type, size) HOLDS(sizeof(struct type) == (size))
#define AT(type, member, place) HOLDS(offsetof(struct type, member) == (place))

SIZE(drv_error, 1020);
AT(drv_error, struct_size, 0);
AT(drv_error, status, 4);
AT(drv_error, native_code, 8);
AT(drv_error, sqlstate, 12);
AT(drv_error, message, 20);

SIZE(drv_difference, 32);
AT(drv_difference, id, 0);
AT(drv_difference, what, 8);
AT(drv_difference, before, 16);
AT(drv_difference, after, 24);

SIZE(drv_run_options, 96);
AT(drv_run_options, struct_size, 0);
AT(drv_run_options, jobs, 4);
AT(drv_run_options, timeout_ms, 8);
AT(drv_run_options, connect_timeout_ms, 12);
AT(drv_run_options, allow_sql, 16);
AT(drv_run_options, show_keys, 20);
AT(drv_run_options, restored_to, 24);
AT(drv_run_options, incident_at, 32);
AT(drv_run_options, since_checkpoint, 40);
AT(drv_run_options, keep_keys, 44);
AT(drv_run_options, budget_ms, 48);
AT(drv_run_options, priority, 52);
AT(drv_run_options, rows_per_second, 56);
AT(drv_run_options, bytes_per_second, 64);
AT(drv_run_options, sidecar_dir, 72);
AT(drv_run_options, temporary_dir, 80);
AT(drv_run_options, keep_driver, 88);
AT(drv_run_options, reserved, 92);

SIZE(drv_event, 64);
AT(drv_event, struct_size, 0);
AT(drv_event, type, 4);
AT(drv_event, rows, 8);
AT(drv_event, checks_done, 16);
AT(drv_event, checks, 20);
AT(drv_event, source, 24);
AT(drv_event, share, 32);
AT(drv_event, rows_per_second, 40);
AT(drv_event, seconds_left, 48);
AT(drv_event, unreached, 56);
AT(drv_event, reserved, 60);

SIZE(drv_check_code, 40);
AT(drv_check_code, struct_size, 0);
AT(drv_check_code, effect, 4);
AT(drv_check_code, code, 8);
AT(drv_check_code, meaning, 16);
AT(drv_check_code, why, 24);
AT(drv_check_code, next, 32);

SIZE(drv_check, 64);
AT(drv_check, struct_size, 0);
AT(drv_check, priority, 4);
AT(drv_check, check, 8);
AT(drv_check, source, 16);
AT(drv_check, name, 24);
AT(drv_check, codes, 32);
AT(drv_check, code_count, 40);
AT(drv_check, fn, 48);
AT(drv_check, user, 56);

SIZE(drv_row_ref, 16);
AT(drv_row_ref, place, 0);
AT(drv_row_ref, key, 8);

SIZE(drv_finding, 48);
AT(drv_finding, code, 0);
AT(drv_finding, effect, 8);
AT(drv_finding, message, 16);
AT(drv_finding, count, 24);
AT(drv_finding, row_count, 32);
AT(drv_finding, statement, 40);

SIZE(drv_result, 128);
AT(drv_result, id, 0);
AT(drv_result, check, 8);
AT(drv_result, source, 16);
AT(drv_result, target, 24);
AT(drv_result, verdict, 32);
AT(drv_result, priority, 36);
AT(drv_result, required, 40);
AT(drv_result, summary, 48);
AT(drv_result, blocked_by, 56);
AT(drv_result, rows, 64);
AT(drv_result, seconds, 72);
AT(drv_result, finding_count, 80);
AT(drv_result, position, 88);
AT(drv_result, pieces, 92);
AT(drv_result, connections, 96);
AT(drv_result, streamed, 100);
AT(drv_result, estimated_rows, 104);
AT(drv_result, estimated_bytes, 112);
AT(drv_result, estimated_seconds, 120);

SIZE(drv_chain_piece, 24);
AT(drv_chain_piece, column, 0);
AT(drv_chain_piece, bytes, 8);
AT(drv_chain_piece, len, 16);

SIZE(drv_chain_entry, 80);
AT(drv_chain_entry, row, 0);
AT(drv_chain_entry, place, 8);
AT(drv_chain_entry, key, 16);
AT(drv_chain_entry, preimage, 24);
AT(drv_chain_entry, preimage_len, 32);
AT(drv_chain_entry, made, 40);
AT(drv_chain_entry, stored, 48);
AT(drv_chain_entry, agrees, 56);
AT(drv_chain_entry, reason, 64);
AT(drv_chain_entry, piece_count, 72);

SIZE(drv_chain_try_options, 32);
AT(drv_chain_try_options, struct_size, 0);
AT(drv_chain_try_options, check, 8);
AT(drv_chain_try_options, first, 16);
AT(drv_chain_try_options, count, 24);

SIZE(drv_chain_propose_options, 64);
AT(drv_chain_propose_options, struct_size, 0);
AT(drv_chain_propose_options, budget_ms, 4);
AT(drv_chain_propose_options, source, 8);
AT(drv_chain_propose_options, schema, 16);
AT(drv_chain_propose_options, table, 24);
AT(drv_chain_propose_options, hash, 32);
AT(drv_chain_propose_options, previous, 40);
AT(drv_chain_propose_options, order_by, 48);
AT(drv_chain_propose_options, column_zone, 56);

SIZE(drv_chain_proposal, 40);
AT(drv_chain_proposal, check, 0);
AT(drv_chain_proposal, tried, 8);
AT(drv_chain_proposal, rows, 16);
AT(drv_chain_proposal, agreeing, 24);
AT(drv_chain_proposal, complete, 32);

SIZE(drv_draft_options, 16);
AT(drv_draft_options, struct_size, 0);
AT(drv_draft_options, chain_budget_ms, 4);
AT(drv_draft_options, column_zone, 8);

SIZE(drv_explanation, 40);
AT(drv_explanation, code, 0);
AT(drv_explanation, effect, 8);
AT(drv_explanation, meaning, 16);
AT(drv_explanation, why, 24);
AT(drv_explanation, next, 32);
