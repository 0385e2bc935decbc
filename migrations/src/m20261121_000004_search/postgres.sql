-- The index behind the lists: which ids to look at for a term (a hash of company, kind and value). It
-- is fed in bulk behind the hot path and is never the truth: every row that it names is looked at.
-- A shelf is a company on PostgreSQL, and all of them together (0) on SQLite.

-- Ids below `next` may be walked: whoever finishes one of them tells it in search_feed.
CREATE TABLE search_state (
    name          TEXT   NOT NULL PRIMARY KEY,
    next          BIGINT NOT NULL,
    claimed_by    BIGINT NOT NULL,               -- the node that walks, by its incarnation
    claimed_until BIGINT NOT NULL
);
INSERT INTO search_state (name, next, claimed_by, claimed_until) VALUES ('walk', 0, 0, 0);

CREATE TABLE search_shelves (
    shelf  BIGINT NOT NULL PRIMARY KEY,
    done   BIGINT NOT NULL,                      -- ids below it are in the slices
    slices BIGINT NOT NULL                       -- the number of the newest slice
);

-- Slices are written once, one after the other, and each in the order of its key.
CREATE TABLE search_slices (
    shelf    BIGINT NOT NULL,
    slice    BIGINT NOT NULL,
    first_id BIGINT NOT NULL,
    last_id  BIGINT NOT NULL,
    PRIMARY KEY (shelf, slice)
);

CREATE TABLE search_terms (
    shelf   BIGINT NOT NULL,
    slice   BIGINT NOT NULL,
    term    BIGINT NOT NULL,
    last_id BIGINT NOT NULL,
    span    BIGINT NOT NULL,                     -- the ids from last_id - span to last_id
    PRIMARY KEY (shelf, slice, term, last_id)
);

-- What finished after its slice was written, and has to be indexed yet.
CREATE TABLE search_feed (
    company_id BIGINT NOT NULL,
    id         BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    PRIMARY KEY (company_id, id, generation)
);

-- The same, indexed.
CREATE TABLE search_late (
    shelf BIGINT NOT NULL,
    term  BIGINT NOT NULL,
    id    BIGINT NOT NULL,
    PRIMARY KEY (shelf, term, id)
);
ALTER TABLE search_state SET (fillfactor = 10);
ALTER TABLE search_shelves SET (fillfactor = 50);
ALTER TABLE search_feed SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_cost_delay = 0);
