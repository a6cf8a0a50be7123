-- Records (products, customers, orders, reviews, articles): written once each however often they come.
-- The caller has validated them; here they meet the ids that are known. Each function answers one word a record:
-- new, updated, unchanged, or conflict (its ids belong to two different things).
--
-- Who merges, joins or erases what others may be naming at this moment holds the lock 'identities' alone; who only names
-- things shares it. Else an event could be written under an id that is gone by its commit, and never be joined. It is
-- taken before anything else, so that nobody waits for it while holding what its owner needs.

-- The id that a record's external ids stand for. Entities that only events have named are merged into it.
CREATE OR REPLACE FUNCTION settle_identity(entity text, ids jsonb, change bigint, OUT id bigint, OUT state text)
LANGUAGE plpgsql AS $$
DECLARE
    found_ids bigint[];
    known_ids bigint[];
    stub      bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('settle_identity'), hashtext(entity));
    LOOP
        -- A lookup an id, as a subquery: a join would be planned as reading all ids of the kind.
        SELECT array_agg(DISTINCT f.found ORDER BY f.found) INTO found_ids FROM (
            SELECT (SELECT x.id FROM external_ids x WHERE (x.kind, x.namespace, x.value) = (entity, r->>0, r->>1)) AS found
            FROM jsonb_array_elements(ids) r) f
        WHERE f.found IS NOT NULL;
        IF found_ids IS NULL THEN
            id := nextval('entity_ids'); state := 'new';
        ELSE
            EXECUTE format('SELECT array_agg(%I ORDER BY %I) FROM %I WHERE %I = ANY($1) AND known',
                           entity || '_id', entity || '_id', entity || 's', entity || '_id')
                INTO known_ids USING found_ids;
            IF cardinality(known_ids) > 1 THEN
                id := known_ids[1]; state := 'conflict'; RETURN;
            END IF;
            id := coalesce(known_ids[1], found_ids[1]);
            state := CASE WHEN known_ids IS NULL THEN 'new' ELSE 'updated' END;
            FOREACH stub IN ARRAY found_ids LOOP
                CONTINUE WHEN stub = id;
                EXECUTE format('UPDATE events SET %I = $1, change_id = $2 WHERE %I = $3', entity || '_id', entity || '_id')
                    USING id, change, stub;
                IF entity IN ('product', 'customer') THEN
                    IF entity = 'product' THEN
                        UPDATE orders o SET change_id = change FROM order_lines l WHERE l.order_id = o.order_id AND l.product_id = stub;
                        UPDATE order_lines SET product_id = id WHERE product_id = stub;
                        UPDATE reviews SET product_id = id, change_id = change WHERE product_id = stub;
                        UPDATE variants SET product_id = id WHERE product_id = stub;
                        DELETE FROM products WHERE product_id = stub;
                        INSERT INTO changes (change_id, kind, tables, keys)
                        VALUES (nextval('change_ids'), 'delete', '{products}', jsonb_build_object('products', jsonb_build_array(stub)));
                    ELSE
                        UPDATE orders SET customer_id = id, change_id = change WHERE customer_id = stub;
                        UPDATE reviews SET customer_id = id, change_id = change WHERE customer_id = stub;
                        UPDATE aliases SET customer_id = id WHERE customer_id = stub;
                        UPDATE decisions SET customer_id = id, change_id = change WHERE customer_id = stub;
                        UPDATE consents SET customer_id = id WHERE customer_id = stub;
                        UPDATE conversations SET customer_id = id WHERE customer_id = stub;
                        UPDATE actions SET customer_id = id WHERE customer_id = stub;
                        DELETE FROM customers WHERE customer_id = stub;
                        -- Copies under the old id go; what is left of the person stands under the new one.
                        INSERT INTO changes (change_id, kind, tables, keys)
                        VALUES (nextval('change_ids'), 'erase', '{events,customers,orders,decisions,reviews}',
                                jsonb_build_object('people', jsonb_build_array(stub), 'visitors', '[]'::jsonb, 'merged', true));
                    END IF;
                ELSIF entity = 'order' THEN
                    DELETE FROM orders WHERE order_id = stub;
                END IF;
                UPDATE external_ids SET id = settle_identity.id WHERE kind = entity AND external_ids.id = stub;
            END LOOP;
        END IF;
        INSERT INTO external_ids (kind, namespace, value, id)
        SELECT entity, r->>0, r->>1, settle_identity.id FROM jsonb_array_elements(ids) r
        ON CONFLICT DO NOTHING;
        -- An event may have named one of the ids in the same moment: then look again, and take over what it made.
        EXIT WHEN NOT EXISTS (
            SELECT FROM jsonb_array_elements(ids) r
            WHERE (SELECT x.id FROM external_ids x WHERE (x.kind, x.namespace, x.value) = (entity, r->>0, r->>1))
                  <> settle_identity.id);
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION upsert_products(batch jsonb) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    change  bigint := nextval('change_ids');
    record  jsonb;
    part    jsonb;
    settled record;
    outcome text[] := '{}';
    mark    bytea;
    kept    bigint[];
    variant bigint;
    nth     integer;   -- place of the variant in its product
    stub    bigint;
    written boolean := false;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('identities'));
    FOR record IN SELECT value FROM jsonb_array_elements(batch) LOOP
        SELECT * INTO settled FROM settle_identity('product', record->'ids', change);
        IF settled.state = 'conflict' THEN outcome := outcome || 'conflict'::text; CONTINUE; END IF;
        mark := decode(record->>'fingerprint', 'hex');
        IF settled.state = 'updated'
           AND EXISTS (SELECT FROM products p WHERE p.product_id = settled.id AND p.fingerprint = mark) THEN
            outcome := outcome || 'unchanged'::text; CONTINUE;
        END IF;
        written := true;
        INSERT INTO products AS p (product_id, known, status, texts, brand, category, attributes, pictures, url,
                                   fingerprint, created_at, change_id)
        VALUES (settled.id, true, record->>'status', record->'texts', record->>'brand',
                ARRAY(SELECT jsonb_array_elements_text(record->'category')), record->'attributes', record->'pictures',
                record->>'url', mark, coalesce((record->>'created_at')::timestamptz, now()), change)
        ON CONFLICT (product_id) DO UPDATE SET
            known = true, status = excluded.status, texts = excluded.texts, brand = excluded.brand,
            category = excluded.category, attributes = excluded.attributes, pictures = excluded.pictures,
            url = excluded.url, fingerprint = excluded.fingerprint, updated_at = now(), change_id = change,
            created_at = CASE WHEN record->>'created_at' IS NULL AND p.known THEN p.created_at ELSE excluded.created_at END;
        kept := '{}'; nth := 0;
        FOR part IN SELECT value FROM jsonb_array_elements(record->'variants') LOOP
            variant := NULL;
            -- Its id first, then its SKU.
            SELECT f.found INTO variant FROM (
                SELECT (SELECT x.id FROM external_ids x WHERE (x.kind, x.namespace, x.value) = ('variant', r->>0, r->>1)) AS found, n
                FROM jsonb_array_elements(part->'ids') WITH ORDINALITY AS t (r, n)) f
            WHERE f.found IS NOT NULL ORDER BY f.n LIMIT 1;
            IF variant IS NULL AND jsonb_array_length(part->'ids') = 0 THEN
                -- A single variant without id or SKU is the product's own: the same row each time.
                SELECT v.variant_id INTO variant FROM variants v WHERE v.product_id = settled.id AND v.place = nth
                AND NOT EXISTS (SELECT FROM external_ids x WHERE x.kind = 'variant' AND x.id = v.variant_id);
            END IF;
            IF variant = ANY(kept) THEN variant := NULL; END IF;   -- a SKU twice in one product: two variants
            IF variant IS NULL THEN
                variant := nextval('entity_ids');
            END IF;
            INSERT INTO external_ids (kind, namespace, value, id)
            SELECT 'variant', r->>0, r->>1, variant FROM jsonb_array_elements(part->'ids') r ON CONFLICT DO NOTHING;
            -- A SKU that moves here changes the price of the product that it leaves.
            UPDATE products p SET change_id = change FROM variants v
                WHERE v.variant_id = variant AND p.product_id = v.product_id AND p.product_id <> settled.id;
            INSERT INTO variants (variant_id, product_id, sku, options, price, compare_at, cost, currency, exponent, stock, pictures, place)
            VALUES (variant, settled.id, part->>'sku', part->'options', (part->>'price')::bigint, (part->>'compare_at')::bigint,
                    (part->>'cost')::bigint, part->>'currency', (part->>'exponent')::smallint, (part->>'stock')::integer, part->'pictures', nth)
            ON CONFLICT (variant_id) DO UPDATE SET
                product_id = excluded.product_id, sku = excluded.sku, options = excluded.options, price = excluded.price,
                compare_at = excluded.compare_at, cost = excluded.cost, currency = excluded.currency, exponent = excluded.exponent,
                stock = excluded.stock, pictures = excluded.pictures, place = excluded.place;
            -- What named this variant by another of its ids was kept under a stub: it is the same one.
            FOR stub IN
                SELECT DISTINCT x.id FROM jsonb_array_elements(part->'ids') r
                JOIN external_ids x ON (x.kind, x.namespace, x.value) = ('variant', r->>0, r->>1)
                JOIN variants v ON v.variant_id = x.id
                WHERE x.id <> variant AND v.product_id IS NULL
            LOOP
                UPDATE events SET variant_id = variant, change_id = change WHERE variant_id = stub AND product_id IS NULL;
                UPDATE order_lines SET variant_id = variant WHERE variant_id = stub AND product_id IS NULL;
                UPDATE external_ids SET id = variant WHERE kind = 'variant' AND id = stub;
                DELETE FROM variants WHERE variant_id = stub;
            END LOOP;
            -- Events and orders that named this SKU before its product was known join now.
            UPDATE events SET product_id = settled.id, change_id = change WHERE variant_id = variant AND product_id IS NULL;
            UPDATE orders o SET change_id = change FROM order_lines l
                WHERE l.order_id = o.order_id AND l.variant_id = variant AND l.product_id IS NULL;
            UPDATE order_lines SET product_id = settled.id WHERE variant_id = variant AND product_id IS NULL;
            kept := kept || variant; nth := nth + 1;
        END LOOP;
        DELETE FROM external_ids x USING variants v
            WHERE v.product_id = settled.id AND v.variant_id <> ALL(kept) AND x.kind = 'variant' AND x.id = v.variant_id;
        DELETE FROM variants v WHERE v.product_id = settled.id AND v.variant_id <> ALL(kept);
        outcome := outcome || settled.state;
    END LOOP;
    IF written THEN
        INSERT INTO changes (change_id, kind, tables) VALUES (change, 'join', '{products,events,orders,reviews}');
    END IF;
    RETURN outcome;
END $$;

CREATE OR REPLACE FUNCTION upsert_customers(batch jsonb) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    change  bigint := nextval('change_ids');
    record  jsonb;
    part    jsonb;
    settled record;
    outcome text[] := '{}';
    mark    bytea;
    written boolean := false;
    method  bigint;
    kept    bigint[];
BEGIN
    IF EXISTS (SELECT FROM jsonb_array_elements(batch) r WHERE jsonb_array_length(r->'ids') > 1) THEN
        PERFORM pg_advisory_xact_lock(hashtext('identities'));
    END IF;
    FOR record IN SELECT value FROM jsonb_array_elements(batch) LOOP
        SELECT * INTO settled FROM settle_identity('customer', record->'ids', change);
        IF settled.state = 'conflict' THEN outcome := outcome || 'conflict'::text; CONTINUE; END IF;
        mark := decode(record->>'fingerprint', 'hex');
        IF settled.state = 'updated'
           AND EXISTS (SELECT FROM customers c WHERE c.customer_id = settled.id AND c.fingerprint = mark) THEN
            outcome := outcome || 'unchanged'::text; CONTINUE;
        END IF;
        written := true;
        INSERT INTO customers AS c (customer_id, known, email, name, phone, locale, traits, addresses, fingerprint, created_at, change_id)
        VALUES (settled.id, true, record->>'email', record->>'name', record->>'phone', record->>'locale', record->'traits',
                record->'addresses', mark, coalesce((record->>'created_at')::timestamptz, now()), change)
        ON CONFLICT (customer_id) DO UPDATE SET
            known = true, email = excluded.email, name = excluded.name, phone = excluded.phone, locale = excluded.locale,
            traits = excluded.traits, addresses = excluded.addresses, fingerprint = excluded.fingerprint,
            updated_at = now(), change_id = change,
            created_at = CASE WHEN record->>'created_at' IS NULL AND c.known THEN c.created_at ELSE excluded.created_at END;
        kept := '{}';
        FOR part IN SELECT value FROM jsonb_array_elements(record->'payment_methods') LOOP
            SELECT x.id INTO method FROM external_ids x
                WHERE (x.kind, x.namespace, x.value) = ('payment_method', part->'id'->>0, part->'id'->>1);
            IF method IS NULL THEN
                method := nextval('entity_ids');
                INSERT INTO external_ids (kind, namespace, value, id)
                VALUES ('payment_method', part->'id'->>0, part->'id'->>1, method);
            END IF;
            INSERT INTO payment_methods (payment_method_id, customer_id, kind, label, last4, expires, is_default, balance, currency, exponent)
            VALUES (method, settled.id, part->>'kind', part->>'label', part->>'last4', part->>'expires', (part->>'default')::boolean,
                    (part->>'balance')::bigint, part->>'currency', (part->>'exponent')::smallint)
            ON CONFLICT (payment_method_id) DO UPDATE SET
                customer_id = excluded.customer_id, kind = excluded.kind, label = excluded.label, last4 = excluded.last4,
                expires = excluded.expires, is_default = excluded.is_default, balance = excluded.balance,
                currency = excluded.currency, exponent = excluded.exponent;
            kept := kept || method;
        END LOOP;
        DELETE FROM external_ids x USING payment_methods m WHERE m.customer_id = settled.id
            AND m.payment_method_id <> ALL(kept) AND x.kind = 'payment_method' AND x.id = m.payment_method_id;
        DELETE FROM payment_methods m WHERE m.customer_id = settled.id AND m.payment_method_id <> ALL(kept);
        INSERT INTO consents (customer_id, purpose, granted, at, source)
        SELECT settled.id, r->>'purpose', (r->>'granted')::boolean, coalesce((r->>'at')::timestamptz, now()), coalesce(r->>'source', 'import')
        FROM jsonb_array_elements(record->'consent') r
        WHERE (r->>'granted')::boolean IS DISTINCT FROM (
            SELECT k.granted FROM consents k WHERE k.customer_id = settled.id AND k.purpose = r->>'purpose'
            ORDER BY k.at DESC, k.consent_id DESC LIMIT 1);
        outcome := outcome || settled.state;
    END LOOP;
    IF written THEN
        INSERT INTO changes (change_id, kind, tables) VALUES (change, 'join', '{customers,orders,decisions,events,reviews}');
    END IF;
    RETURN outcome;
END $$;

-- Orders, and the timeline's events that they stand for, in one go.
CREATE OR REPLACE FUNCTION upsert_orders(batch jsonb, line_events json) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    change  bigint := nextval('change_ids');
    record  jsonb;
    settled record;
    outcome text[] := '{}';
    mark    bytea;
    written boolean := false;
    touched text[];
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtext('identities'));
    SELECT ensure_references(array_agg(r.kind), array_agg(r.namespace), array_agg(r.value), change) INTO touched
    FROM jsonb_array_elements(batch) o
    CROSS JOIN LATERAL (
        SELECT 'customer', o->'customer'->>0, o->'customer'->>1
        UNION ALL SELECT 'visitor', 'shop', o->>'visitor'
        UNION ALL SELECT 'product', l->'product'->>0, l->'product'->>1 FROM jsonb_array_elements(o->'lines') l
        UNION ALL SELECT 'variant', l->'variant'->>0, l->'variant'->>1 FROM jsonb_array_elements(o->'lines') l
    ) AS r (kind, namespace, value)
    WHERE r.value IS NOT NULL;
    FOR record IN SELECT value FROM jsonb_array_elements(batch) LOOP
        SELECT * INTO settled FROM settle_identity('order', record->'ids', change);
        mark := decode(record->>'fingerprint', 'hex');
        IF settled.state = 'updated'
           AND EXISTS (SELECT FROM orders o WHERE o.order_id = settled.id AND o.fingerprint = mark) THEN
            outcome := outcome || 'unchanged'::text; CONTINUE;
        END IF;
        written := true;
        INSERT INTO orders (order_id, known, customer_id, visitor_id, placed_at, status, currency, exponent, total, shipping,
                            address, traits, fingerprint, change_id)
        VALUES (settled.id, true,
                (SELECT x.id FROM external_ids x WHERE (x.kind, x.namespace, x.value) = ('customer', record->'customer'->>0, record->'customer'->>1)),
                (SELECT x.id FROM external_ids x WHERE (x.kind, x.namespace, x.value) = ('visitor', 'shop', record->>'visitor')),
                (record->>'placed_at')::timestamptz, record->>'status', record->>'currency', (record->>'exponent')::smallint,
                (record->>'total')::bigint, (record->>'shipping')::bigint, nullif(record->'address', 'null'), record->'traits', mark, change)
        ON CONFLICT (order_id) DO UPDATE SET
            known = true, customer_id = excluded.customer_id, visitor_id = excluded.visitor_id, placed_at = excluded.placed_at,
            status = excluded.status, currency = excluded.currency, exponent = excluded.exponent, total = excluded.total,
            shipping = excluded.shipping, address = excluded.address, traits = excluded.traits,
            fingerprint = excluded.fingerprint, updated_at = now(), change_id = change;
        DELETE FROM order_lines WHERE order_id = settled.id;
        DELETE FROM payments WHERE order_id = settled.id;
        DELETE FROM shipments WHERE order_id = settled.id;
        INSERT INTO order_lines (order_id, line, product_id, variant_id, title, quantity, unit_price, discount)
        SELECT settled.id, n, coalesce(product, (SELECT v.product_id FROM variants v WHERE v.variant_id = variant)), variant,
               l->>'title', (l->>'quantity')::integer, (l->>'unit_price')::bigint, (l->>'discount')::bigint
        FROM (SELECT l, n,
                (SELECT x.id FROM external_ids x WHERE (x.kind, x.namespace, x.value) = ('product', l->'product'->>0, l->'product'->>1)) AS product,
                (SELECT x.id FROM external_ids x WHERE (x.kind, x.namespace, x.value) = ('variant', l->'variant'->>0, l->'variant'->>1)) AS variant
              FROM jsonb_array_elements(record->'lines') WITH ORDINALITY AS t (l, n)) resolved;
        INSERT INTO payments (order_id, place, reference, payment_method_id, kind, amount, status, at)
        SELECT settled.id, n, p->'id'->>1,
               (SELECT x.id FROM external_ids x WHERE (x.kind, x.namespace, x.value) = ('payment_method', p->'method'->>0, p->'method'->>1)),
               p->>'kind', (p->>'amount')::bigint, p->>'status', (p->>'at')::timestamptz
        FROM jsonb_array_elements(record->'payments') WITH ORDINALITY AS t (p, n);
        INSERT INTO shipments (order_id, place, reference, carrier, tracking, status, shipped_at, delivered_at)
        SELECT settled.id, n, s->'id'->>1, s->>'carrier', s->>'tracking', s->>'status', (s->>'shipped_at')::timestamptz, (s->>'delivered_at')::timestamptz
        FROM jsonb_array_elements(record->'shipments') WITH ORDINALITY AS t (s, n);
        outcome := outcome || settled.state;
    END LOOP;
    PERFORM append_events(line_events, 'order', now());
    IF written OR touched <> '{}' THEN
        INSERT INTO changes (change_id, kind, tables) VALUES (change, 'join', coalesce(touched, '{}') || '{orders}'::text[]);
    END IF;
    RETURN outcome;
END $$;

CREATE OR REPLACE FUNCTION upsert_reviews(batch jsonb) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    change  bigint := nextval('change_ids');
    record  jsonb;
    entry   bigint;
    outcome text[] := '{}';
    state   text;
    mark    bytea;
    touched text[];
    written boolean := false;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtext('identities'));
    SELECT ensure_references(array_agg(r.kind), array_agg(r.namespace), array_agg(r.value), change) INTO touched
    FROM jsonb_array_elements(batch) o
    CROSS JOIN LATERAL (VALUES ('customer', o->'customer'->>0, o->'customer'->>1),
                               ('product', o->'product'->>0, o->'product'->>1)) AS r (kind, namespace, value)
    WHERE r.value IS NOT NULL;
    FOR record IN SELECT value FROM jsonb_array_elements(batch) LOOP
        INSERT INTO external_ids (kind, namespace, value, id)
        VALUES ('review', record->'id'->>0, record->'id'->>1, nextval('entity_ids')) ON CONFLICT DO NOTHING;
        SELECT x.id INTO entry FROM external_ids x WHERE (x.kind, x.namespace, x.value) = ('review', record->'id'->>0, record->'id'->>1);
        mark := decode(record->>'fingerprint', 'hex');
        SELECT CASE WHEN r.fingerprint = mark THEN 'unchanged' ELSE 'updated' END INTO state FROM reviews r WHERE r.review_id = entry;
        state := coalesce(state, 'new');
        IF state <> 'unchanged' THEN
            written := true;
            INSERT INTO reviews (review_id, product_id, customer_id, rating, title, body, locale, written_at, fingerprint, change_id)
            VALUES (entry,
                    (SELECT x.id FROM external_ids x WHERE (x.kind, x.namespace, x.value) = ('product', record->'product'->>0, record->'product'->>1)),
                    (SELECT x.id FROM external_ids x WHERE (x.kind, x.namespace, x.value) = ('customer', record->'customer'->>0, record->'customer'->>1)),
                    (record->>'rating')::real, record->>'title', record->>'body', record->>'locale', (record->>'written_at')::timestamptz, mark, change)
            ON CONFLICT (review_id) DO UPDATE SET
                product_id = excluded.product_id, customer_id = excluded.customer_id, rating = excluded.rating, title = excluded.title,
                body = excluded.body, locale = excluded.locale, written_at = excluded.written_at, fingerprint = excluded.fingerprint,
                change_id = change;
        END IF;
        outcome := outcome || state;
    END LOOP;
    IF written OR touched <> '{}' THEN
        INSERT INTO changes (change_id, kind, tables) VALUES (change, 'join', coalesce(touched, '{}') || '{reviews}'::text[]);
    END IF;
    RETURN outcome;
END $$;

CREATE OR REPLACE FUNCTION upsert_articles(batch jsonb) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    record  jsonb;
    entry   bigint;
    outcome text[] := '{}';
    state   text;
    mark    bytea;
BEGIN
    FOR record IN SELECT value FROM jsonb_array_elements(batch) LOOP
        INSERT INTO external_ids (kind, namespace, value, id)
        VALUES ('article', record->'id'->>0, record->'id'->>1, nextval('entity_ids')) ON CONFLICT DO NOTHING;
        SELECT x.id INTO entry FROM external_ids x WHERE (x.kind, x.namespace, x.value) = ('article', record->'id'->>0, record->'id'->>1);
        mark := decode(record->>'fingerprint', 'hex');
        SELECT CASE WHEN a.fingerprint = mark THEN 'unchanged' ELSE 'updated' END INTO state FROM articles a WHERE a.article_id = entry;
        state := coalesce(state, 'new');
        IF state <> 'unchanged' THEN
            INSERT INTO articles (article_id, locale, title, body, tags, questions, updated_at, fingerprint)
            VALUES (entry, record->>'locale', record->>'title', record->>'body', ARRAY(SELECT jsonb_array_elements_text(record->'tags')),
                    ARRAY(SELECT jsonb_array_elements_text(record->'questions')), (record->>'updated_at')::timestamptz, mark)
            ON CONFLICT (article_id) DO UPDATE SET
                locale = excluded.locale, title = excluded.title, body = excluded.body, tags = excluded.tags,
                questions = excluded.questions, updated_at = excluded.updated_at, fingerprint = excluded.fingerprint;
        END IF;
        outcome := outcome || state;
    END LOOP;
    RETURN outcome;
END $$;

-- Conversations that were had elsewhere: closed ones, to be learned from.
CREATE OR REPLACE FUNCTION upsert_conversations(batch jsonb) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    record  jsonb;
    whole   uuid;
    outcome text[] := '{}';
    state   text;
    mark    bytea;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtext('identities'));
    FOR record IN SELECT value FROM jsonb_array_elements(batch) LOOP
        whole := (record->>'conversation_id')::uuid;
        mark := decode(record->>'fingerprint', 'hex');
        SELECT CASE WHEN c.fingerprint = mark THEN 'unchanged' ELSE 'updated' END INTO state FROM conversations c WHERE c.conversation_id = whole;
        state := coalesce(state, 'new');
        IF state <> 'unchanged' THEN
            -- A customer whom nobody has described stays nameless: a conversation alone makes no customer.
            INSERT INTO conversations (conversation_id, customer_id, locale, channel, mode, rating, fingerprint, created_at, changed_at)
            VALUES (whole,
                    (SELECT x.id FROM external_ids x WHERE (x.kind, x.namespace, x.value) = ('customer', record->'customer'->>0, record->'customer'->>1)),
                    record->>'locale', 'import', 'closed', (record->>'rating')::smallint, mark,
                    (record->'messages'->0->>'at')::timestamptz, (record->'messages'->-1->>'at')::timestamptz)
            ON CONFLICT (conversation_id) DO UPDATE SET
                customer_id = excluded.customer_id, locale = excluded.locale, rating = excluded.rating, fingerprint = mark,
                created_at = excluded.created_at, changed_at = excluded.changed_at;
            DELETE FROM messages m WHERE m.conversation_id = whole;
            INSERT INTO messages (conversation_id, place, role, body, locale, details, at)
            SELECT whole, n, m->>'role', m->>'body', nullif(record->>'locale', ''), m->'details', (m->>'at')::timestamptz
            FROM jsonb_array_elements(record->'messages') WITH ORDINALITY AS t (m, n);
        END IF;
        outcome := outcome || state;
    END LOOP;
    RETURN outcome;
END $$;

-- Forgets a person: everything that names or describes them goes; orders stay for the books, without the person.
-- In a browser that somebody else used too, what is that other person's stays theirs.
CREATE OR REPLACE FUNCTION erase_customer(customer bigint) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    change   bigint := nextval('change_ids');
    browsers bigint[];
    counts   jsonb := '{}';
    written  bigint[];  -- reviews: a copy may still stand under who they were of before
    n        bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('identities'));
    SELECT coalesce(array_agg(DISTINCT visitor_id), '{}') INTO browsers FROM aliases WHERE customer_id = customer;
    DELETE FROM decision_traces WHERE decision_id IN (SELECT decision_id FROM decisions WHERE customer_id = customer OR (visitor_id = ANY(browsers) AND customer_id IS NULL));
    DELETE FROM decision_features WHERE decision_id IN (SELECT decision_id FROM decisions WHERE customer_id = customer OR (visitor_id = ANY(browsers) AND customer_id IS NULL));
    DELETE FROM decisions WHERE customer_id = customer OR (visitor_id = ANY(browsers) AND customer_id IS NULL);
    GET DIAGNOSTICS n = ROW_COUNT; counts := counts || jsonb_build_object('decisions', n);
    DELETE FROM events WHERE customer_id = customer OR (visitor_id = ANY(browsers) AND customer_id IS NULL);
    GET DIAGNOSTICS n = ROW_COUNT; counts := counts || jsonb_build_object('events', n);
    -- A tracking number leads to the address; amounts and payment references are the books'.
    UPDATE shipments s SET tracking = NULL FROM orders o WHERE o.order_id = s.order_id
        AND (o.customer_id = customer OR (o.visitor_id = ANY(browsers) AND o.customer_id IS NULL));
    UPDATE orders SET customer_id = NULL, visitor_id = NULL, address = NULL, traits = '{}', fingerprint = NULL, change_id = change
        WHERE customer_id = customer OR (visitor_id = ANY(browsers) AND customer_id IS NULL);
    GET DIAGNOSTICS n = ROW_COUNT; counts := counts || jsonb_build_object('orders', n);
    UPDATE payments SET payment_method_id = NULL WHERE payment_method_id IN
        (SELECT payment_method_id FROM payment_methods WHERE customer_id = customer);
    SELECT coalesce(array_agg(review_id), '{}') INTO written FROM reviews WHERE customer_id = customer;
    DELETE FROM reviews WHERE customer_id = customer;
    GET DIAGNOSTICS n = ROW_COUNT; counts := counts || jsonb_build_object('reviews', n);
    DELETE FROM external_ids WHERE kind = 'review' AND id = ANY(written);
    DELETE FROM conversations WHERE customer_id = customer OR (visitor_id = ANY(browsers) AND customer_id IS NULL);
    GET DIAGNOSTICS n = ROW_COUNT; counts := counts || jsonb_build_object('conversations', n);
    -- That something was done to an order is the books'; for whom, and what was said for it, isn't.
    UPDATE actions SET customer_id = NULL, conversation_id = NULL, arguments = '{}', effects = '[]', before = NULL,
        state = CASE WHEN state = 'proposed' THEN 'void' ELSE state END WHERE customer_id = customer;
    GET DIAGNOSTICS n = ROW_COUNT; counts := counts || jsonb_build_object('actions', n);
    DELETE FROM external_ids WHERE kind = 'payment_method' AND id IN (SELECT payment_method_id FROM payment_methods WHERE customer_id = customer);
    DELETE FROM aliases WHERE customer_id = customer;
    DELETE FROM consents WHERE visitor_id = ANY(browsers) AND customer_id IS NULL;
    DELETE FROM external_ids WHERE (kind = 'customer' AND id = customer) OR (kind = 'visitor' AND id = ANY(browsers)
        AND NOT EXISTS (SELECT FROM aliases a WHERE a.visitor_id = external_ids.id));
    DELETE FROM visitors v WHERE v.visitor_id = ANY(browsers) AND NOT EXISTS (SELECT FROM aliases a WHERE a.visitor_id = v.visitor_id);
    DELETE FROM customers WHERE customer_id = customer;
    INSERT INTO changes (change_id, kind, tables, keys)
    VALUES (change, 'erase', '{events,customers,orders,decisions,reviews}', jsonb_build_object('people', jsonb_build_array(customer), 'visitors', to_jsonb(browsers), 'reviews', to_jsonb(written)));
    RETURN counts;
END $$;

-- As for append_events: lookups by index, planned once.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY '{upsert_products(jsonb),upsert_customers(jsonb),"upsert_orders(jsonb, json)",upsert_reviews(jsonb),upsert_articles(jsonb),erase_customer(bigint)}'::text[] LOOP
        EXECUTE 'ALTER FUNCTION ' || name || ' SET enable_seqscan = off';
        EXECUTE 'ALTER FUNCTION ' || name || ' SET plan_cache_mode = force_generic_plan';
    END LOOP;
END $$;
