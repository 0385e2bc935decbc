-- Nothing begins for the endpoint before this: requests of another node may still be under way.
ALTER TABLE lanes ADD COLUMN rest_until BIGINT NOT NULL DEFAULT 0;

-- Of ordered endpoints alone: whose line a delivery stands in (a hash of the event's subject; NULL: in
-- none), and its place there. A place without a line: looked at, and nobody's turn matters.
-- Whoever is not at the head of a line is never due.
ALTER TABLE pending ADD COLUMN line_key BIGINT;
ALTER TABLE pending ADD COLUMN line_place BIGINT;
CREATE INDEX pending_lines ON pending (endpoint_id, line_key, line_place, id)
    WHERE line_key IS NOT NULL;
-- The one of each line that does not wait.
CREATE INDEX pending_heads ON pending (endpoint_id, line_key)
    WHERE line_key IS NOT NULL AND due_at < 9000000000000000;

-- One row for each ordered endpoint. Whoever adds to its lines or takes from them locks it first.
CREATE TABLE order_lines (
    endpoint_id BIGINT NOT NULL PRIMARY KEY,
    company_id  BIGINT NOT NULL,
    last_place  BIGINT NOT NULL DEFAULT 0,
    state       BIGINT NOT NULL                  -- 0 arranging, 1 choosing heads, 2 in order, 3 dissolving
);
CREATE INDEX order_lines_company ON order_lines (company_id, endpoint_id);
CREATE INDEX order_lines_at_work ON order_lines (endpoint_id) WHERE state <> 2;
