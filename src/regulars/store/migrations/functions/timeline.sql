-- The writes of the timeline, each one statement from outside, so that HTTP and imports share them to the letter.

CREATE OR REPLACE FUNCTION ensure_event_partition(month timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    first_day timestamptz := date_trunc('month', month, 'UTC');
    next_day  timestamptz := date_trunc('month', month, 'UTC') + interval '1 month';
    part      text := 'events_' || to_char(first_day AT TIME ZONE 'UTC', 'YYYY_MM');
BEGIN
    next_day := (first_day AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC';
    IF first_day < '2000-01-01T00:00:00Z' OR to_regclass(part) IS NOT NULL THEN RETURN; END IF;
    PERFORM pg_advisory_xact_lock(hashtext('event_partitions'));
    -- Another writer may have made it while this one waited. to_regclass would answer from this session's cache.
    IF EXISTS (SELECT FROM pg_class c WHERE c.relname = part AND c.relnamespace = current_schema()::regnamespace) THEN
        RETURN;
    END IF;
    -- Made apart, then attached: attaching only takes a lock that lets readers and writers go on.
    EXECUTE format('CREATE TABLE %I (LIKE events INCLUDING DEFAULTS)', part);
    EXECUTE format('ALTER TABLE %I ADD CONSTRAINT in_month CHECK (occurred_at >= %L AND occurred_at < %L)',
                   part, first_day, next_day);
    EXECUTE format('ALTER TABLE events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', part, first_day, next_day);
    EXECUTE format('ALTER TABLE %I DROP CONSTRAINT in_month', part);
END $$;

-- Makes an id, and an entity marked as not yet known, for every reference that has none. Returns the tables touched.
-- The three arrays are parallel; entries with a null value are passed over.
CREATE OR REPLACE FUNCTION ensure_references(kinds text[], namespaces text[], given_values text[], change bigint) RETURNS text[]
LANGUAGE plpgsql AS $$
DECLARE
    touched text[];
BEGIN
    WITH named AS MATERIALIZED (
        SELECT DISTINCT w.kind, w.namespace, w.value
        FROM unnest(kinds, namespaces, given_values) AS w (kind, namespace, value)
        WHERE w.value IS NOT NULL
    ), missing AS (
        SELECT w.kind, w.namespace, w.value FROM named w
        WHERE (SELECT x.id FROM external_ids x WHERE (x.kind, x.namespace, x.value) = (w.kind, w.namespace, w.value)) IS NULL
        ORDER BY 1, 2, 3                         -- one order for all: no two writers wait for each other in a ring
    ), created AS (
        INSERT INTO external_ids (kind, namespace, value, id)
        SELECT kind, namespace, value, nextval('entity_ids') FROM missing
        ON CONFLICT DO NOTHING
        RETURNING kind, id
    ), made_products AS (
        INSERT INTO products (product_id, known, change_id)
        SELECT id, false, change FROM created WHERE kind = 'product'
    ), made_variants AS (
        INSERT INTO variants (variant_id) SELECT id FROM created WHERE kind = 'variant'
    ), made_customers AS (
        INSERT INTO customers (customer_id, known, change_id)
        SELECT id, false, change FROM created WHERE kind = 'customer'
    ), made_visitors AS (
        INSERT INTO visitors (visitor_id) SELECT id FROM created WHERE kind = 'visitor'
    ), made_orders AS (
        INSERT INTO orders (order_id, known, change_id)
        SELECT id, false, change FROM created WHERE kind = 'order'
    )
    SELECT array_agg(DISTINCT kind || 's') FILTER (WHERE kind IN ('product', 'customer', 'order'))
    INTO touched FROM created;
    RETURN coalesce(touched, '{}');
END $$;

DROP TYPE IF EXISTS incoming_event;
CREATE TYPE incoming_event AS (
    message_id uuid, type text, occurred_at timestamptz, clock text,
    customer_namespace text, customer text, visitor text, session text,
    product_namespace text, product text, variant_namespace text, variant text, order_namespace text, "order" text,
    quantity integer, amount bigint, currency text, exponent smallint,
    decision_id uuid, position smallint, surface text, properties jsonb
);

-- Stores a batch of events once each. Returns how many were new, how many were there, how many of the new ones name a
-- product or customer that no record describes yet.
CREATE OR REPLACE FUNCTION append_events(batch json, source_name text, received timestamptz,
                              OUT accepted integer, OUT duplicates integer, OUT unresolved integer)
LANGUAGE plpgsql AS $$
DECLARE
    incoming incoming_event[];
    given    integer;
    change   bigint := nextval('change_ids');
    touched  text[];
    month    timestamptz;
    pair     record;
    joined   boolean := false;
BEGIN
    given := json_array_length(batch);
    -- The row as one value of its type: of a subquery's columns it would be a record, turned into text and back.
    SELECT array_agg(one) INTO incoming FROM (
        SELECT DISTINCT ON (e.message_id) e AS one FROM json_populate_recordset(NULL::incoming_event, batch) e
        ORDER BY e.message_id
    ) distinct_events;
    accepted := 0; duplicates := 0; unresolved := 0;
    IF incoming IS NULL THEN RETURN; END IF;

    PERFORM pg_advisory_xact_lock_shared(hashtext('identities'));  -- see records.sql
    FOR month IN SELECT DISTINCT date_trunc('month', occurred_at, 'UTC') FROM unnest(incoming) LOOP
        PERFORM ensure_event_partition(month);
    END LOOP;

    SELECT ensure_references(array_agg(r.kind), array_agg(r.namespace), array_agg(r.value), change) INTO touched
    FROM unnest(incoming) i
    CROSS JOIN LATERAL (VALUES ('product', i.product_namespace, i.product), ('variant', i.variant_namespace, i.variant),
                               ('customer', i.customer_namespace, i.customer), ('visitor', 'shop', i.visitor),
                               ('order', i.order_namespace, i."order")) AS r (kind, namespace, value)
    WHERE r.value IS NOT NULL;
    touched := coalesce(touched, '{}');

    -- A browser seen with a customer is that customer's from now on; what it did before, signed out, is theirs too.
    FOR pair IN
        SELECT (SELECT x.id FROM external_ids x WHERE (x.kind, x.namespace, x.value) = ('visitor', 'shop', i.visitor)) AS visitor,
               (SELECT x.id FROM external_ids x WHERE (x.kind, x.namespace, x.value) = ('customer', i.customer_namespace, i.customer)) AS customer, max(i.occurred_at) AS at
        FROM unnest(incoming) i
        WHERE i.visitor IS NOT NULL AND i.customer IS NOT NULL
        GROUP BY 1, 2 ORDER BY 1, 3
    LOOP
        IF pair.customer IS DISTINCT FROM
           (SELECT customer_id FROM aliases WHERE visitor_id = pair.visitor ORDER BY alias_id DESC LIMIT 1) THEN
            INSERT INTO aliases (visitor_id, customer_id, at) VALUES (pair.visitor, pair.customer, pair.at);
            UPDATE events SET customer_id = pair.customer, change_id = change
            WHERE visitor_id = pair.visitor AND customer_id IS NULL;
            joined := joined OR FOUND;
            UPDATE consents SET customer_id = pair.customer WHERE visitor_id = pair.visitor AND customer_id IS NULL;
        END IF;
    END LOOP;

    WITH fresh AS (
        INSERT INTO event_keys (message_id) SELECT message_id FROM unnest(incoming) ORDER BY message_id
        ON CONFLICT DO NOTHING RETURNING message_id
    ), resolved AS MATERIALIZED (
        SELECT i.*,
               CASE WHEN customer IS NOT NULL THEN (SELECT x.id FROM external_ids x WHERE (x.kind, x.namespace, x.value) = ('customer', customer_namespace, customer)) END AS customer_id,
               CASE WHEN visitor IS NOT NULL THEN (SELECT x.id FROM external_ids x WHERE (x.kind, x.namespace, x.value) = ('visitor', 'shop', visitor)) END AS visitor_id,
               CASE WHEN product IS NOT NULL THEN (SELECT x.id FROM external_ids x WHERE (x.kind, x.namespace, x.value) = ('product', product_namespace, product)) END AS product_id,
               CASE WHEN variant IS NOT NULL THEN (SELECT x.id FROM external_ids x WHERE (x.kind, x.namespace, x.value) = ('variant', variant_namespace, variant)) END AS variant_id,
               CASE WHEN "order" IS NOT NULL THEN (SELECT x.id FROM external_ids x WHERE (x.kind, x.namespace, x.value) = ('order', order_namespace, "order")) END AS order_id
        FROM unnest(incoming) i JOIN fresh USING (message_id)
    ), stored AS (
        INSERT INTO events (message_id, type, occurred_at, received_at, clock, customer_id, visitor_id, session,
                            product_id, variant_id, order_id, quantity, amount, currency, exponent,
                            decision_id, position, surface, properties, source, change_id)
        SELECT i.message_id, i.type, i.occurred_at, received, i.clock,
               CASE WHEN i.customer_id IS NULL AND i.visitor_id IS NOT NULL THEN
                   (SELECT a.customer_id FROM aliases a WHERE a.visitor_id = i.visitor_id ORDER BY a.alias_id DESC LIMIT 1)
                   ELSE i.customer_id END,
               i.visitor_id, i.session,
               CASE WHEN i.product_id IS NULL AND i.variant_id IS NOT NULL THEN
                   (SELECT x.product_id FROM variants x WHERE x.variant_id = i.variant_id)
                   ELSE i.product_id END,
               i.variant_id, i.order_id, i.quantity, i.amount, i.currency, i.exponent,
               i.decision_id, i.position, i.surface, i.properties, source_name, change
        FROM resolved i
        RETURNING product_id, variant_id, customer_id, visitor_id, type, occurred_at, properties
    ), answered AS (
        INSERT INTO consents (customer_id, visitor_id, purpose, granted, at, source)
        SELECT s.customer_id, s.visitor_id, answer.key, answer.value::boolean, s.occurred_at, source_name
        FROM (SELECT * FROM stored WHERE type = 'consent') s CROSS JOIN LATERAL jsonb_each(s.properties) answer
        WHERE coalesce(s.customer_id, s.visitor_id) IS NOT NULL AND jsonb_typeof(answer.value) = 'boolean'
    )
    SELECT count(*),
           count(*) FILTER (WHERE (s.product_id IS NULL AND s.variant_id IS NOT NULL)
                               OR (SELECT NOT p.known FROM products p WHERE p.product_id = s.product_id)
                               OR (SELECT NOT c.known FROM customers c WHERE c.customer_id = s.customer_id))
    INTO accepted, unresolved
    FROM stored s;

    duplicates := given - accepted;
    IF accepted > 0 OR joined OR touched <> '{}' THEN
        INSERT INTO changes (change_id, kind, tables)
        VALUES (change, CASE WHEN joined THEN 'join' ELSE 'insert' END, touched || 'events'::text);
    END IF;
END $$;

-- A batch looks up hundreds of keys: by index, always, planned once. Before the first ANALYZE the planner believes the
-- tables to be tiny and would read them whole (measured: 41 ms instead of 4 for 500 events).
ALTER FUNCTION append_events(json, text, timestamptz) SET enable_seqscan = off;
ALTER FUNCTION append_events(json, text, timestamptz) SET enable_bitmapscan = off;
ALTER FUNCTION append_events(json, text, timestamptz) SET plan_cache_mode = force_generic_plan;

-- Who is asking, and what they did last: one round trip for a recommendation. A visitor who is a customer by now is read
-- as that customer. Arrays are newest first; `bought` also knows orders older than the `most` events. Who refused
-- personalisation, on this browser or as this customer, whichever answer is newer, has `refused` and no history.
DROP FUNCTION IF EXISTS read_person(text, text, text, text[], integer);
CREATE OR REPLACE FUNCTION read_person(customer_namespace text, customer text, visitor text, kinds text[], most integer,
                            OUT customer_id bigint, OUT visitor_id bigint, OUT products bigint[], OUT types text[],
                            OUT seconds double precision[], OUT bought bigint[], OUT refused boolean,
                            OUT shown bigint[], OUT times integer[])
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF customer IS NOT NULL THEN
        SELECT x.id INTO customer_id FROM external_ids x WHERE (x.kind, x.namespace, x.value) = ('customer', customer_namespace, customer);
    END IF;
    IF visitor IS NOT NULL THEN
        SELECT x.id INTO visitor_id FROM external_ids x WHERE (x.kind, x.namespace, x.value) = ('visitor', 'shop', visitor);
        IF customer IS NULL AND visitor_id IS NOT NULL THEN
            SELECT a.customer_id INTO customer_id FROM aliases a WHERE a.visitor_id = read_person.visitor_id ORDER BY a.alias_id DESC LIMIT 1;
        END IF;
    END IF;
    SELECT NOT granted INTO refused FROM (
        (SELECT granted, at, consent_id FROM consents c
         WHERE c.customer_id = read_person.customer_id AND c.purpose = 'personalisation' ORDER BY at DESC, consent_id DESC LIMIT 1)
        UNION ALL
        (SELECT granted, at, consent_id FROM consents c
         WHERE c.visitor_id = read_person.visitor_id AND c.purpose = 'personalisation' ORDER BY at DESC, consent_id DESC LIMIT 1)
    ) answers ORDER BY at DESC, consent_id DESC LIMIT 1;
    refused := coalesce(refused, false);
    IF refused THEN RETURN; END IF;
    IF customer_id IS NOT NULL THEN
        SELECT array_agg(e.product_id), array_agg(e.type), array_agg(extract(epoch FROM e.occurred_at)::float8)
        INTO products, types, seconds FROM (
            SELECT product_id, type, occurred_at FROM events
            WHERE events.customer_id = read_person.customer_id AND product_id IS NOT NULL AND type = ANY(kinds)
            ORDER BY occurred_at DESC LIMIT most) e;
        SELECT array_agg(DISTINCT l.product_id) INTO bought FROM orders o JOIN order_lines l USING (order_id)
        WHERE o.customer_id = read_person.customer_id AND o.status <> 'cancelled' AND l.quantity > 0 AND l.product_id IS NOT NULL;
        SELECT array_agg(s.product_id), array_agg(s.times) INTO shown, times FROM (
            SELECT i.product_id, count(*)::integer AS times FROM (
                SELECT product_id FROM events
                WHERE events.customer_id = read_person.customer_id AND product_id IS NOT NULL AND type = 'impression'
                  AND surface IS DISTINCT FROM 'search'   -- who searches is shown what was asked for
                ORDER BY occurred_at DESC LIMIT 400) i
            GROUP BY 1 HAVING count(*) > 1) s;
    ELSIF visitor_id IS NOT NULL THEN
        SELECT array_agg(e.product_id), array_agg(e.type), array_agg(extract(epoch FROM e.occurred_at)::float8)
        INTO products, types, seconds FROM (
            SELECT product_id, type, occurred_at FROM events
            WHERE events.visitor_id = read_person.visitor_id AND events.customer_id IS NULL AND product_id IS NOT NULL AND type = ANY(kinds)
            ORDER BY occurred_at DESC LIMIT most) e;
        SELECT array_agg(s.product_id), array_agg(s.times) INTO shown, times FROM (
            SELECT i.product_id, count(*)::integer AS times FROM (
                SELECT product_id FROM events
                WHERE events.visitor_id = read_person.visitor_id AND events.customer_id IS NULL AND product_id IS NOT NULL AND type = 'impression'
                  AND surface IS DISTINCT FROM 'search'   -- who searches is shown what was asked for
                ORDER BY occurred_at DESC LIMIT 400) i
            GROUP BY 1 HAVING count(*) > 1) s;
    END IF;
END $$;
ALTER FUNCTION read_person(text, text, text, text[], integer) SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION read_person(text, text, text, text[], integer) SET enable_seqscan = off;

DROP TYPE IF EXISTS incoming_decision;
CREATE TYPE incoming_decision AS (
    decision_id uuid, at timestamptz, surface text, customer_id bigint, visitor_id bigint, context_product_id bigint,
    mode text, model_version text, policy text, seed bigint, arm text, product_ids bigint[], scores real[],
    propensities real[], sources text[], reasons jsonb, timings_ms jsonb,
    feature_names text[], feature_product_ids bigint[], feature_shown boolean[], feature_rows real[], trace json
);

-- Keeps decisions at their three depths. Keeping one twice is keeping it once.
CREATE OR REPLACE FUNCTION record_decisions(batch json) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    incoming incoming_decision[];
    change   bigint := nextval('change_ids');
    kept     integer;
BEGIN
    SELECT array_agg(d) INTO incoming FROM json_populate_recordset(NULL::incoming_decision, batch) d;
    IF incoming IS NULL THEN RETURN 0; END IF;
    INSERT INTO decisions (decision_id, at, surface, customer_id, visitor_id, context_product_id, mode, model_version, policy,
                           seed, arm, product_ids, scores, propensities, sources, reasons, timings_ms, change_id)
    SELECT decision_id, at, surface, customer_id, visitor_id, context_product_id, mode, model_version, policy,
           seed, arm, product_ids, scores, propensities, sources, reasons, timings_ms, change
    FROM unnest(incoming) ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS kept = ROW_COUNT;
    INSERT INTO decision_features (decision_id, at, feature_names, product_ids, shown, feature_rows)
    SELECT decision_id, at, feature_names, feature_product_ids, feature_shown, feature_rows
    FROM unnest(incoming) WHERE feature_names IS NOT NULL ON CONFLICT DO NOTHING;
    INSERT INTO decision_traces (decision_id, at, trace) SELECT decision_id, at, trace FROM unnest(incoming) ON CONFLICT DO NOTHING;
    INSERT INTO changes (change_id, kind, tables) VALUES (change, 'insert', '{decisions}');
    RETURN kept;
END $$;
