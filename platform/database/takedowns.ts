/**
 * SQL condition: the explanation row `alias` was made from a document that has been taken down since. Such a sentence may
 * quote the document, or say in other words what should not be said any more, so whoever reads explanations (pages, API,
 * search, the later stages of a run) leaves it out until a run makes it anew from the windows that are left. An
 * explanation without a list of its documents is taken to have been made from all of its latent's.
 */
export function madeFromTakenDown(alias: string): string {
  return `EXISTS (
    SELECT 1 FROM suppressed_documents AS down JOIN runs AS made ON made.text_source_id = down.text_source_id
    WHERE made.id = ${alias}.run_id AND CASE WHEN ${alias}.provenance ? 'documents' THEN ${alias}.provenance->'documents' ? down.document_key
      ELSE EXISTS (SELECT 1 FROM example_blobs AS shown WHERE shown.coder_id = ${alias}.coder_id AND shown.latent_index = ${alias}.latent_index
        AND shown.sample_key = ${alias}.provenance->>'sampleKey' AND down.document_key = ANY (shown.document_keys)) END)`;
}
