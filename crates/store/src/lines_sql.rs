//! The statements of lines, for each database. Every one takes a JSON text and a number and gives rows of
//! three numbers; 9000000000000000 is when those that wait are due. A head is found by `pending_heads`, the
//! first of a line by `pending_lines`, one probe each (`LIMIT 1` keeps a planner from joining all heads):
//! no statement goes through a line.

use sea_orm::DatabaseBackend;

/// Three columns.
pub(crate) type Numbers = (i64, i64, i64);

/// How many rows one slice of the work on lines touches; the statements have it as a number.
pub(crate) const SLICE_ROWS: usize = 500;

/// One statement.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) postgres: &'static str,
    pub(crate) sqlite: &'static str,
}

impl Question {
    /// As this database is asked.
    pub(crate) fn on(&self, backend: DatabaseBackend) -> &'static str {
        if backend == DatabaseBackend::Postgres { self.postgres } else { self.sqlite }
    }
}

/// Locks the lines of endpoints, `[endpoint]`, in their order. Gives endpoint, last place, state.
pub(crate) const LOCK: Question = Question {
    postgres: "SELECT endpoint_id, last_place, state FROM order_lines WHERE endpoint_id IN (\
        SELECT value::bigint FROM json_array_elements_text($1::json)) AND $2::bigint = 0 \
        ORDER BY endpoint_id FOR UPDATE",
    sqlite: "SELECT o.endpoint_id, o.last_place, o.state FROM json_each(?1) j \
        JOIN order_lines o ON o.endpoint_id = j.value WHERE ?2 = 0",
};

/// Locks all lines of a company.
pub(crate) const COMPANY: Question = Question {
    postgres: "SELECT endpoint_id, last_place, state FROM order_lines WHERE company_id = $2 \
        AND $1::text = '' ORDER BY endpoint_id FOR UPDATE",
    sqlite: "SELECT endpoint_id, last_place, state FROM order_lines WHERE company_id = ?2 AND ?1 = ''",
};

/// Which of the lines `[[endpoint, line]]` have deliveries.
pub(crate) const STANDING: Question = Question {
    postgres: "SELECT (t.v ->> 0)::bigint, (t.v ->> 1)::bigint, 0::bigint \
        FROM json_array_elements($1::json) AS t(v) CROSS JOIN LATERAL (SELECT 1 FROM pending p \
        WHERE p.endpoint_id = (t.v ->> 0)::bigint AND p.line_key = (t.v ->> 1)::bigint \
        AND p.line_key IS NOT NULL LIMIT 1) x WHERE $2::bigint = 0",
    sqlite: "SELECT j.value ->> 0, j.value ->> 1, 0 FROM json_each(?1) j WHERE ?2 = 0 AND EXISTS (\
        SELECT 1 FROM pending p WHERE p.endpoint_id = j.value ->> 0 AND p.line_key = j.value ->> 1 \
        AND p.line_key IS NOT NULL)",
};

/// Writes the last places `[[endpoint, place]]` down.
pub(crate) const REMEMBER: Question = Question {
    postgres: "UPDATE order_lines o SET last_place = (t.v ->> 1)::bigint \
        FROM json_array_elements($1::json) AS t(v) WHERE o.endpoint_id = (t.v ->> 0)::bigint \
        AND $2::bigint = 0 RETURNING o.endpoint_id, o.last_place, o.state",
    sqlite: "UPDATE order_lines SET last_place = j.value ->> 1 FROM json_each(?1) j \
        WHERE order_lines.endpoint_id = j.value ->> 0 AND ?2 = 0 RETURNING endpoint_id, last_place, state",
};

/// Makes the first of each of the lines `[[endpoint, line]]` that has no head due at the number. Gives
/// endpoint, company and delivery.
pub(crate) const ADVANCE: Question = Question {
    postgres: "WITH t AS MATERIALIZED (SELECT (v ->> 0)::bigint AS endpoint_id, (v ->> 1)::bigint AS line_key \
        FROM json_array_elements($1::json) AS x(v)), \
        c AS MATERIALIZED (SELECT h.company_id, h.id FROM t CROSS JOIN LATERAL (\
            SELECT p.company_id, p.id FROM pending p WHERE p.endpoint_id = t.endpoint_id \
            AND p.line_key = t.line_key AND p.line_key IS NOT NULL ORDER BY p.line_place, p.id LIMIT 1) h \
            LEFT JOIN LATERAL (SELECT 1 AS one FROM pending a WHERE a.endpoint_id = t.endpoint_id \
            AND a.line_key = t.line_key AND a.line_key IS NOT NULL AND a.due_at < 9000000000000000 LIMIT 1) a \
            ON true WHERE a.one IS NULL) \
        UPDATE pending p SET due_at = $2 FROM c WHERE p.company_id = ANY(ARRAY[c.company_id]) AND p.id = c.id \
        AND p.due_at = 9000000000000000 RETURNING p.endpoint_id, p.company_id, p.id",
    sqlite: "UPDATE pending SET due_at = ?2 WHERE due_at = 9000000000000000 AND id IN (\
        SELECT (SELECT p.id FROM pending p WHERE p.endpoint_id = j.value ->> 0 AND p.line_key = j.value ->> 1 \
            AND p.line_key IS NOT NULL ORDER BY p.line_place, p.id LIMIT 1) FROM json_each(?1) j \
        WHERE NOT EXISTS (SELECT 1 FROM pending a WHERE a.endpoint_id = j.value ->> 0 \
            AND a.line_key = j.value ->> 1 AND a.line_key IS NOT NULL AND a.due_at < 9000000000000000)) \
        RETURNING endpoint_id, company_id, id",
};

/// Lets the heads of the lines `[[endpoint, line]]` wait again that nobody has claimed and that are not
/// the first.
pub(crate) const DEMOTE: Question = Question {
    postgres: "WITH t AS MATERIALIZED (SELECT (v ->> 0)::bigint AS endpoint_id, (v ->> 1)::bigint AS line_key \
        FROM json_array_elements($1::json) AS x(v)), \
        c AS MATERIALIZED (SELECT a.company_id, a.id FROM t CROSS JOIN LATERAL (\
            SELECT p.id FROM pending p WHERE p.endpoint_id = t.endpoint_id AND p.line_key = t.line_key \
            AND p.line_key IS NOT NULL ORDER BY p.line_place, p.id LIMIT 1) h CROSS JOIN LATERAL (\
            SELECT a.company_id, a.id, a.claimed_by FROM pending a WHERE a.endpoint_id = t.endpoint_id \
            AND a.line_key = t.line_key AND a.line_key IS NOT NULL AND a.due_at < 9000000000000000 LIMIT 1) a \
            WHERE a.id <> h.id AND a.claimed_by + 0 = 0 AND $2::bigint = 0) \
        UPDATE pending p SET due_at = 9000000000000000 FROM c WHERE p.company_id = ANY(ARRAY[c.company_id]) \
        AND p.id = c.id AND p.claimed_by + 0 = 0 RETURNING p.endpoint_id, p.company_id, p.id",
    sqlite: "UPDATE pending SET due_at = 9000000000000000 WHERE claimed_by = 0 AND ?2 = 0 AND id IN (\
        SELECT (SELECT a.id FROM pending a WHERE a.endpoint_id = j.value ->> 0 AND a.line_key = j.value ->> 1 \
            AND a.line_key IS NOT NULL AND a.due_at < 9000000000000000 AND a.id <> (\
            SELECT p.id FROM pending p WHERE p.endpoint_id = j.value ->> 0 AND p.line_key = j.value ->> 1 \
            AND p.line_key IS NOT NULL ORDER BY p.line_place, p.id LIMIT 1)) FROM json_each(?1) j) \
        RETURNING endpoint_id, company_id, id",
};

/// Some deliveries of an endpoint (the number) that do not wait in a line, after `[due_at, id]`: company,
/// delivery, when it is due. Claimed ones are left out, and those that others have locked.
pub(crate) const UNPLACED: Question = Question {
    postgres: "SELECT p.company_id, p.id, p.due_at FROM pending p WHERE p.endpoint_id = $2 AND p.claimed_by = 0 \
        AND (p.due_at, p.id) > (($1::json ->> 0)::bigint, ($1::json ->> 1)::bigint) \
        AND p.due_at < 9000000000000000 ORDER BY p.due_at, p.id LIMIT 500 FOR UPDATE SKIP LOCKED",
    sqlite: "SELECT p.company_id, p.id, p.due_at FROM pending p WHERE p.endpoint_id = ?2 AND p.claimed_by = 0 \
        AND (p.due_at, p.id) > (?1 ->> 0, ?1 ->> 1) \
        AND p.due_at < 9000000000000000 ORDER BY p.due_at, p.id LIMIT 500",
};

/// Gives deliveries `[[company, delivery, line or null, place]]` their places; those in a line wait.
pub(crate) const PLACE: Question = Question {
    postgres: "UPDATE pending p SET line_key = (t.v ->> 2)::bigint, line_place = (t.v ->> 3)::bigint, \
        due_at = CASE WHEN (t.v ->> 2) IS NULL THEN p.due_at ELSE 9000000000000000 END \
        FROM json_array_elements($1::json) AS t(v) WHERE p.company_id = ANY(ARRAY[(t.v ->> 0)::bigint]) \
        AND p.id = (t.v ->> 1)::bigint AND $2::bigint = 0 RETURNING p.endpoint_id, p.company_id, p.id",
    sqlite: "UPDATE pending SET line_key = j.value ->> 2, line_place = j.value ->> 3, \
        due_at = CASE WHEN j.value ->> 2 IS NULL THEN due_at ELSE 9000000000000000 END \
        FROM json_each(?1) j WHERE pending.id = j.value ->> 1 AND ?2 = 0 \
        RETURNING endpoint_id, company_id, pending.id",
};

/// Whether an endpoint (the number) has a delivery that was never looked at: first one that waits (1), then one that
/// is claimed (0). In one statement: between two, one could go from the one to the other and be seen by neither.
pub(crate) const UNPLACED_LEFT: Question = Question {
    postgres: "SELECT * FROM ((SELECT 1::bigint, 0::bigint, 0::bigint FROM pending p WHERE p.claimed_by = 0 \
        AND p.endpoint_id = $2 AND p.due_at < 9000000000000000 AND p.line_place IS NULL LIMIT 1) UNION ALL \
        (SELECT 0::bigint, 0::bigint, 0::bigint FROM pending p WHERE p.claimed_by <> 0 \
        AND p.endpoint_id = $2 AND p.line_place IS NULL LIMIT 1)) AS left_over WHERE $1::text = ''",
    sqlite: "SELECT 1, 0, 0 FROM pending p WHERE p.claimed_by <> 0 AND p.endpoint_id = ?2 \
        AND p.line_place IS NULL AND ?1 = '' AND 1 = 0 LIMIT 1",
};

/// Some lines of an endpoint (the number) after `[line]`, in their order.
pub(crate) const KEYS: Question = Question {
    postgres: "WITH RECURSIVE k(line_key, n) AS ((SELECT p.line_key, 1 FROM pending p WHERE p.endpoint_id = $2 \
            AND p.line_key > ($1::json ->> 0)::bigint AND p.line_key IS NOT NULL ORDER BY p.line_key LIMIT 1) \
        UNION ALL SELECT (SELECT p.line_key FROM pending p WHERE p.endpoint_id = $2 AND p.line_key > k.line_key \
            AND p.line_key IS NOT NULL ORDER BY p.line_key LIMIT 1), k.n + 1 FROM k \
            WHERE k.line_key IS NOT NULL AND k.n < 500) \
        SELECT $2::bigint, k.line_key, 0::bigint FROM k WHERE k.line_key IS NOT NULL",
    sqlite: "WITH RECURSIVE k(line_key, n) AS (SELECT * FROM (SELECT p.line_key, 1 FROM pending p \
            WHERE p.endpoint_id = ?2 AND p.line_key > ?1 ->> 0 AND p.line_key IS NOT NULL \
            ORDER BY p.line_key LIMIT 1) \
        UNION ALL SELECT (SELECT p.line_key FROM pending p WHERE p.endpoint_id = ?2 AND p.line_key > k.line_key \
            AND p.line_key IS NOT NULL ORDER BY p.line_key LIMIT 1), k.n + 1 FROM k \
            WHERE k.line_key IS NOT NULL AND k.n < 500) \
        SELECT ?2, k.line_key, 0 FROM k WHERE k.line_key IS NOT NULL",
};

/// Takes some deliveries of an endpoint (the number) out of their lines, due at `now`, after those of
/// `[now, line, place, delivery]`: what came before was taken out, and stands dead in PostgreSQL's index.
/// Gives where each stood. SQLite, whose index has nothing dead, begins at the front each time.
pub(crate) const DISSOLVE: Question = Question {
    postgres: "WITH c AS MATERIALIZED (SELECT p.company_id, p.id, p.line_key, p.line_place FROM pending p \
            WHERE p.endpoint_id = $2 AND p.line_key IS NOT NULL AND (p.line_key, p.line_place, p.id) > \
            (($1::json ->> 1)::bigint, ($1::json ->> 2)::bigint, ($1::json ->> 3)::bigint) \
            ORDER BY p.line_key, p.line_place, p.id LIMIT 500 FOR UPDATE) \
        UPDATE pending p SET line_key = NULL, line_place = NULL, due_at = CASE \
            WHEN p.due_at = 9000000000000000 THEN ($1::json ->> 0)::bigint ELSE p.due_at END \
        FROM c WHERE p.company_id = ANY(ARRAY[c.company_id]) AND p.id = c.id \
        RETURNING c.line_key, c.line_place, p.id",
    sqlite: "UPDATE pending SET line_key = NULL, line_place = NULL, due_at = CASE \
            WHEN due_at = 9000000000000000 THEN ?1 ->> 0 ELSE due_at END WHERE id IN (\
            SELECT p.id FROM pending p WHERE p.endpoint_id = ?2 AND p.line_key IS NOT NULL LIMIT 500) \
        RETURNING 0, 0, id",
};
