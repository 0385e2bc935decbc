-- Companies that somebody watches live, one row each, whoever watches from whichever node.
CREATE TABLE live_watches (
    company_id BIGINT NOT NULL PRIMARY KEY,
    until      BIGINT NOT NULL,                  -- what happens up to then is written down
    since      BIGINT NOT NULL,                  -- whatever got a higher id is still there
    last       BIGINT NOT NULL                   -- the highest id given out, under this row's lock: ids commit in order
) WITHOUT ROWID;

-- What happened to them in the last minutes.
CREATE TABLE live_events (
    company_id  BIGINT NOT NULL,
    id          BIGINT NOT NULL,                 -- microseconds since 1970, or the last one + 1
    endpoint_id BIGINT NOT NULL,                 -- 0 is none
    kind        TEXT   NOT NULL,                 -- attempt, delivery, endpoint, job, skipped
    data        TEXT   NOT NULL,                 -- JSON as it is sent
    PRIMARY KEY (company_id, id)
) WITHOUT ROWID;
