package reeve.interop

import com.fasterxml.jackson.databind.JsonNode
import io.realm.kotlin.internal.interop.*
import io.realm.kotlin.internal.interop.RealmInterop as Core
import io.realm.kotlin.internal.interop.sync.CoreSubscriptionSetState

/**
 * Replaces the subscriptions of a flexible-sync realm by the command's `queries` (`[{class, query, arguments}]`) and waits until the server has
 * answered.
 */
fun subscribe(realm: LiveRealmPointer, graph: Graph, command: Command): JsonNode {
    val changed = Core.realm_sync_make_subscriptionset_mutable(Core.realm_sync_get_latest_subscriptionset(realm))
    Core.realm_sync_subscriptionset_clear(changed)
    for (entry in command["queries"]) {
        val query = graph.query(entry["class"].asText(), entry["query"]?.asText() ?: "TRUEPREDICATE", entry["arguments"]?.toList() ?: emptyList())
        Core.realm_sync_subscriptionset_insert_or_assign(changed, query, null)
    }
    val committed = Core.realm_sync_subscriptionset_commit(changed)
    command.await<Unit> { future ->
        val complete = CoreSubscriptionSetState.RLM_SYNC_SUBSCRIPTION_COMPLETE
        Core.realm_sync_on_subscriptionset_state_change_async(committed, complete) { future.complete(Unit) }
    }
    Core.realm_sync_subscriptionset_refresh(committed)
    val state = Core.realm_sync_subscriptionset_state(committed).name.removePrefix("RLM_SYNC_SUBSCRIPTION_").lowercase()
    return json.objectNode().put("state", state).put("error", Core.realm_sync_subscriptionset_error_str(committed))
}
