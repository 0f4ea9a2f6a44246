-- The trigrams of the index of searches are of letters, and which letters those are depends on the locale of the database. For
-- words of one or two characters, and those of other letters and signs, there are these parts.
CREATE FUNCTION "short_parts"("value" text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT string_to_array(value, NULL) || ARRAY(
    SELECT one || next FROM unnest(string_to_array(value, NULL), (string_to_array(value, NULL))[2:]) AS pairs(one, next)
      WHERE next IS NOT NULL)
$$;--> statement-breakpoint
CREATE INDEX "contacts_by_short_part" ON "contacts" USING gin (short_parts("search_text"));--> statement-breakpoint
CREATE INDEX "past_contact_names_by_short_part" ON "past_contact_names" USING gin (short_parts("name_folded"));
