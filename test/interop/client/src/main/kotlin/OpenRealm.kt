package reeve.interop

import com.fasterxml.jackson.databind.JsonNode
import com.fasterxml.jackson.databind.node.ObjectNode
import io.realm.kotlin.internal.interop.*
import io.realm.kotlin.internal.interop.RealmInterop as Core
import io.realm.kotlin.internal.interop.sync.*

/** A realm open on a device: its objects, and for a synced one its session. Subscriptions.kt has what only flexible sync knows. */
class OpenRealm private constructor(
    val path: String,
    private val realm: LiveRealmPointer,
    schema: SchemaNotation,
    private val synced: Synced?,
    private val scheduler: RealmSchedulerPointer,
) {
    /** Whose events a realm reports, and where. */
    class Scene(val device: String, val realm: String, val output: Output) {
        fun event(name: String, fill: ObjectNode.() -> Unit) = output.event(name, device, realm, fill)
    }

    private class Synced(val session: RealmSyncSessionPointer, val listeners: List<RealmNotificationTokenPointer>)

    private val graph = Graph(realm, schema)
    private val reader = Reader(schema, graph)
    private val writer = Writer(realm, schema, graph)
    private val session: RealmSyncSessionPointer get() = synced?.session ?: throw Refusal("Usage", "this realm is not synced")

    fun run(command: Command): JsonNode = when (command.name) {
        "write" -> nothing(writer.transaction(command["operations"]))
        "dump" -> fresh { reader.everything() }
        "objects" -> fresh { json.arrayNode().addAll(reader.matching(query(command))) }
        "count" -> fresh { json.numberNode(count(command)) }
        "waitForCount" -> waitForCount(command)
        "upload" -> transferred(command) { Core.realm_sync_session_wait_for_upload_completion(session, it) }
        "download" -> transferred(command) { Core.realm_sync_session_wait_for_download_completion(session, it) }
        "pause" -> nothing(Core.realm_sync_session_pause(session))
        "resume" -> nothing(Core.realm_sync_session_resume(session))
        "session" -> json.objectNode()
            .put("state", word(Core.realm_sync_session_state(session).name, "STATE_"))
            .put("connection", word(Core.realm_sync_connection_state(session).name, "STATE_"))
        "subscribe" -> subscribe(realm, graph, command).also { Core.realm_refresh(realm) }
        else -> throw Refusal("Usage", "no command ${command.name}")
    }

    /** The core ends a session when the last native reference to it is gone; unreachable ones have to be collected first. */
    fun close() {
        synced?.listeners?.forEach { it.release() }
        Core.realm_close(realm)
        synced?.session?.release()
        realm.release()
        scheduler.release()
        repeat(2) { System.gc() }
    }

    private fun <T> fresh(read: () -> T): T { Core.realm_refresh(realm); return read() }

    private fun query(command: Command) =
        graph.query(command.text("class"), command.optionalText("query") ?: "TRUEPREDICATE", command.list("arguments"))

    private fun count(command: Command) = Core.realm_query_count(query(command))

    /** What a listener of an app would wait for: so many objects that match a query. */
    private fun waitForCount(command: Command): JsonNode {
        val wanted = command["count"].asLong()
        val deadline = System.nanoTime() + command.timeoutMs * 1_000_000
        while (true) {
            val found = fresh { count(command) }
            if (if (command.flag("orMore")) found >= wanted else found == wanted) return json.numberNode(found)
            if (System.nanoTime() > deadline)
                throw Refusal("Timeout", "${command.text("class")}: $found objects instead of $wanted after ${command.timeoutMs} ms")
            Thread.sleep(3)
        }
    }

    private fun transferred(command: Command, start: (SyncSessionTransferCompletionCallback) -> Unit): JsonNode {
        command.await<Unit> { future ->
            start(object : SyncSessionTransferCompletionCallback {
                override fun invoke(error: CoreError?) {
                    if (error == null) future.complete(Unit) else future.completeExceptionally(Refusal.of(error))
                }
            })
        }
        return nothing(Core.realm_refresh(realm))
    }

    companion object {
        /** A realm that no server knows of. */
        fun local(command: Command, path: String): OpenRealm {
            val schema = SchemaNotation(command["schema"])
            return open(path, schema, configuration(command, path, schema)) { null }
        }

        fun synced(command: Command, user: RealmUserPointer, scene: Scene): OpenRealm {
            val schema = SchemaNotation(command["schema"])
            val flexible = command.flag("flexible")
            val sync = if (flexible) Core.realm_flx_sync_config_new(user) else Core.realm_sync_config_new(user, command["partition"].toString())
            listen(sync, command, scene)
            val path = command.optionalText("path")
                ?: Core.realm_app_sync_client_get_default_file_path_for_realm(sync, if (flexible) scene.realm else null)
            val configuration = configuration(command, path, schema)
            Core.realm_config_set_sync_config(configuration, sync)
            if (command.flag("downloadFirst")) command.await<Unit> { future ->
                Core.realm_async_open_task_start(Core.realm_open_synchronized(configuration)) { failure ->
                    if (failure == null) future.complete(Unit) else future.completeExceptionally(Refusal("OpenError", failure.message))
                }
            }
            return open(path, schema, configuration) { realm -> Core.realm_sync_session_get(realm).let { Synced(it, listeners(it, scene)) } }
        }

        private fun open(
            path: String,
            schema: SchemaNotation,
            configuration: RealmConfigurationPointer,
            synced: (LiveRealmPointer) -> Synced?,
        ): OpenRealm {
            val scheduler = Core.realm_create_scheduler()
            val (realm, _) = Core.realm_open(configuration, scheduler)
            return OpenRealm(path, realm, schema, synced(realm), scheduler)
        }

        private fun configuration(command: Command, path: String, schema: SchemaNotation): RealmConfigurationPointer = Core.realm_config_new().also {
            Core.realm_config_set_path(it, path)
            Core.realm_config_set_schema(it, schema.native())
            Core.realm_config_set_schema_version(it, command.optional("schemaVersion")?.asLong() ?: 0)
            Core.realm_config_set_schema_mode(it, SchemaMode.RLM_SCHEMA_MODE_ADDITIVE_DISCOVERED)
        }

        private fun listen(sync: RealmSyncConfigurationPointer, command: Command, scene: Scene) {
            Core.realm_sync_config_set_error_handler(sync) { _, error -> scene.event("error") { describe(error) } }
            Core.realm_sync_config_set_resync_mode(sync, when (val mode = command.optionalText("clientReset") ?: "manual") {
                "manual" -> SyncSessionResyncMode.RLM_SYNC_SESSION_RESYNC_MODE_MANUAL
                "discard" -> SyncSessionResyncMode.RLM_SYNC_SESSION_RESYNC_MODE_DISCARD_LOCAL
                "recover" -> SyncSessionResyncMode.RLM_SYNC_SESSION_RESYNC_MODE_RECOVER
                "recoverOrDiscard" -> SyncSessionResyncMode.RLM_SYNC_SESSION_RESYNC_MODE_RECOVER_OR_DISCARD
                else -> throw Refusal("Usage", "no client-reset mode $mode")
            })
            Core.realm_sync_config_set_before_client_reset_handler(sync, object : SyncBeforeClientResetHandler {
                override fun onBeforeReset(realmBefore: FrozenRealmPointer) = scene.event("resetStarted") {}
            })
            Core.realm_sync_config_set_after_client_reset_handler(sync, object : SyncAfterClientResetHandler {
                override fun onAfterReset(realmBefore: FrozenRealmPointer, realmAfter: LiveRealmPointer, didRecover: Boolean) =
                    scene.event("resetDone") { put("recovered", didRecover) }
            })
        }

        private fun listeners(session: RealmSyncSessionPointer, scene: Scene): List<RealmNotificationTokenPointer> {
            val connection = Core.realm_sync_session_register_connection_state_change_callback(session) { _, state ->
                scene.event("connection") { put("state", word(state.name, "STATE_")) }
            }
            return ProgressDirection.entries.map { direction ->
                Core.realm_sync_session_register_progress_notifier(session, direction, true) { estimate ->
                    scene.event("progress") { put("direction", word(direction.name, "DIRECTION_")).put("estimate", estimate) }
                }
            } + connection
        }

        private fun ObjectNode.describe(error: SyncError) {
            val cause = error.errorCode
            put("code", cause.errorCodeNativeValue).put("codeName", cause.errorCode?.description).put("message", cause.message)
            put("fatal", error.isFatal).put("clientReset", error.isClientResetRequested).put("recoveryFile", error.recoveryFilePath)
            set<JsonNode>("compensatingWrites", json.arrayNode().addAll(error.compensatingWrites.map {
                json.objectNode().put("reason", it.reason).put("class", it.objectName).set<ObjectNode>("primaryKey", Notation.json(it.primaryKey))
            }))
        }

        private fun word(name: String, prefix: String) = name.substringAfter(prefix).lowercase()
    }
}
