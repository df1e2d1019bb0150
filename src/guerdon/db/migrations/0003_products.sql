-- The catalogue: products, and the variants (SKUs) of each.
-- Keys come last, as 0005_campaigns.sql tells; then what cannot be used for a look-up by id, because it is partial.

CREATE TABLE products (
    project_id text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    source_id text COLLATE "C",
    name text,
    price bigint,
    attributes text[] NOT NULL,
    image_url text,
    metadata jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz,
    CONSTRAINT products_price_not_negative CHECK (price >= 0)
);
CREATE INDEX products_by_creation ON products (project_id, created_at DESC NULLS LAST, id DESC);
ALTER TABLE products ADD PRIMARY KEY (project_id, id);
CREATE UNIQUE INDEX products_source_id ON products (project_id, source_id) WHERE source_id IS NOT NULL;

CREATE TABLE skus (
    project_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    source_id text COLLATE "C",
    product_id text COLLATE "C" NOT NULL,
    sku text,
    price bigint,
    currency text,
    attributes jsonb NOT NULL,
    image_url text,
    metadata jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz,
    CONSTRAINT skus_product FOREIGN KEY (project_id, product_id) REFERENCES products ON DELETE CASCADE,
    CONSTRAINT skus_price_not_negative CHECK (price >= 0)
);
CREATE INDEX skus_of_product ON skus (project_id, product_id, created_at DESC NULLS LAST, id DESC);
ALTER TABLE skus ADD PRIMARY KEY (project_id, id);
CREATE UNIQUE INDEX skus_source_id ON skus (project_id, source_id) WHERE source_id IS NOT NULL;
