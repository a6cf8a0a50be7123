-- What one system names by its own number, and another by a SKU, is one product. These functions let events, orders and
-- reviews that know one name find the product that is known by the other. They never make two names one: an event may come
-- from a browser, and must not decide what a later product file describes.

-- For each pair of names that stand together (product in the namespace shop, SKU), how to name the product so that it is one
-- that a record describes: 'variant' (drop the product's name, the SKU says it), 'parent' (the product is known by this SKU), or
-- null (as it is).
CREATE OR REPLACE FUNCTION better_names(given_products text[], given_skus text[]) RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT array_agg(CASE
        WHEN EXISTS (SELECT FROM external_ids x JOIN products p ON p.product_id = x.id AND p.known
                     WHERE (x.kind, x.namespace, x.value) = ('product', 'shop', g.product)) THEN NULL
        WHEN EXISTS (SELECT FROM external_ids x JOIN variants v ON v.variant_id = x.id JOIN products p ON p.product_id = v.product_id AND p.known
                     WHERE (x.kind, x.namespace, x.value) = ('variant', 'sku', g.sku)) THEN 'variant'
        WHEN EXISTS (SELECT FROM external_ids x JOIN products p ON p.product_id = x.id AND p.known
                     WHERE (x.kind, x.namespace, x.value) = ('product', 'sku', g.sku)) THEN 'parent' END ORDER BY g.n)
    FROM unnest(given_products, given_skus) WITH ORDINALITY AS g (product, sku, n)
$$;

-- Moves what names a product that no record describes to the one that its variant belongs to, or that has a variant so named.
-- Returns how many events moved.
CREATE OR REPLACE FUNCTION join_products() RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    change  bigint;
    stubs   bigint[];
    targets bigint[];
    moved   integer;
    also    integer;
BEGIN
    IF NOT EXISTS (SELECT FROM products WHERE NOT known) THEN RETURN 0; END IF;
    PERFORM pg_advisory_xact_lock_shared(hashtext('identities'));  -- see records.sql
    change := nextval('change_ids');
    SELECT array_agg(d.stub), array_agg(d.target) INTO stubs, targets FROM (
        SELECT DISTINCT ON (c.stub) c.stub, c.target FROM (
            SELECT p.product_id AS stub, v.product_id AS target
            FROM products p JOIN external_ids x ON x.kind = 'product' AND x.id = p.product_id
            JOIN external_ids y ON y.kind = 'variant' AND y.namespace IN (x.namespace, 'sku') AND y.value = x.value
            JOIN variants v ON v.variant_id = y.id
            WHERE NOT p.known
            UNION ALL
            SELECT p.product_id, y.id
            FROM products p JOIN external_ids x ON x.kind = 'product' AND x.id = p.product_id
            JOIN external_ids y ON y.kind = 'product' AND y.namespace = 'sku' AND y.value = x.value
            WHERE NOT p.known) c
        JOIN products k ON k.product_id = c.target AND k.known
        ORDER BY c.stub, c.target) d;

    UPDATE events e SET product_id = k.product_id, change_id = change
        FROM products p, variants v, products k
        WHERE p.product_id = e.product_id AND NOT p.known AND v.variant_id = e.variant_id AND k.product_id = v.product_id AND k.known;
    GET DIAGNOSTICS moved = ROW_COUNT;
    UPDATE events e SET product_id = m.target, change_id = change
        FROM unnest(stubs, targets) AS m (stub, target) WHERE e.product_id = m.stub;
    GET DIAGNOSTICS also = ROW_COUNT;
    moved := moved + also;

    WITH line AS (
        UPDATE order_lines l SET product_id = k.product_id
        FROM products p, variants v, products k
        WHERE p.product_id = l.product_id AND NOT p.known AND v.variant_id = l.variant_id AND k.product_id = v.product_id AND k.known
        RETURNING l.order_id)
    UPDATE orders o SET change_id = change FROM line WHERE o.order_id = line.order_id;
    GET DIAGNOSTICS also = ROW_COUNT;
    WITH line AS (
        UPDATE order_lines l SET product_id = m.target
        FROM unnest(stubs, targets) AS m (stub, target) WHERE l.product_id = m.stub
        RETURNING l.order_id)
    UPDATE orders o SET change_id = change FROM line WHERE o.order_id = line.order_id;
    also := also + (CASE WHEN FOUND THEN 1 ELSE 0 END);
    UPDATE reviews r SET product_id = m.target, change_id = change
        FROM unnest(stubs, targets) AS m (stub, target) WHERE r.product_id = m.stub;
    IF FOUND OR moved > 0 OR also > 0 THEN
        INSERT INTO changes (change_id, kind, tables) VALUES (change, 'join', '{events,orders,reviews}');
    END IF;
    RETURN moved;
END $$;
