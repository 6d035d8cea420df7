package reeve.interop

import com.fasterxml.jackson.databind.JsonNode
import com.fasterxml.jackson.databind.node.ObjectNode
import io.realm.kotlin.internal.interop.*
import io.realm.kotlin.internal.interop.RealmInterop as Core
import io.realm.kotlin.internal.interop.sync.ApiKeyWrapper
import io.realm.kotlin.internal.interop.sync.MetadataMode
import java.nio.file.Files
import java.nio.file.Path

/**
 * One device: an app with a folder, a signed-in user and open realms of its own. Everything but the callbacks runs on the device's thread, since a
 * realm may only be used on the thread that opened it.
 */
class Device(private val name: String, command: Command, private val output: Output) {
    private val folder = command.text("folder")
    private val app: RealmAppPointer = connect(command)
    private var user: RealmUserPointer? = Core.realm_app_get_current_user(app)
    private val realms = mutableMapOf<String, OpenRealm>()

    fun describe(): JsonNode = json.objectNode().set("user", user?.let { describe(it) } ?: json.nullNode())

    fun run(command: Command): JsonNode = account(command) ?: realm(command) ?: throw Refusal("Usage", "no command ${command.name}")

    private fun connect(command: Command): RealmAppPointer {
        Files.createDirectories(Path.of(folder))
        val system = System.getProperty("os.version")
        val java = System.getProperty("java.version")
        val params = SyncConnectionParams("2.3.0", "reeve-interop", system, "", "", SyncConnectionParams.Runtime.JVM, java)
        val config = Core.realm_app_config_new(command.text("appId"), Core.realm_network_transport_new(Transport()), command.text("baseUrl"), params)
        Core.realm_app_config_set_base_file_path(config, folder)
        Core.realm_app_config_set_metadata_mode(config, MetadataMode.RLM_SYNC_CLIENT_METADATA_MODE_PLAINTEXT)
        val sync = Core.realm_app_config_get_sync_client_config(config)
        Core.realm_sync_client_config_set_default_binding_thread_observer(sync, name)
        Core.realm_sync_client_config_set_multiplex_sessions(sync, command.flag("multiplex"))
        return Core.realm_app_get(config, folder)
    }

    /** Commands about the user. Null when [command] is none of them. */
    private fun account(command: Command): JsonNode? = when (command.name) {
        "register" -> nothing(command.request<Unit> {
            Core.realm_app_email_password_provider_client_register_email(app, command.text("email"), command.text("password"), it)
        })
        "confirmEmail" -> nothing(command.request<Unit> {
            Core.realm_app_email_password_provider_client_confirm_user(app, command.text("token"), command.text("tokenId"), it)
        })
        "requestReset" -> nothing(command.request<Unit> {
            Core.realm_app_email_password_provider_client_send_reset_password_email(app, command.text("email"), it)
        })
        "signIn" -> become(command.request { Core.realm_app_log_in_with_credentials(app, credentials(command), it) })
        "link" -> become(command.request { Core.realm_app_link_credentials(app, currentUser(), credentials(command), it) })
        "signOut" -> currentUser().let { nothing(command.request<Unit> { answer -> Core.realm_app_log_out(app, it, answer) }) }
        "removeUser" -> nothing(command.request<Unit> { Core.realm_app_remove_user(app, currentUser(), it) }).also { user = null }
        "deleteUser" -> nothing(command.request<Unit> { Core.realm_app_delete_user(app, currentUser(), it) }).also { user = null }
        "user" -> user?.let { describe(it) } ?: json.nullNode()
        "refreshCustomData" -> nothing(command.request<Unit> { Core.realm_user_refresh_custom_data(app, currentUser(), it) })
        "createApiKey" -> describe(command.request<ApiKeyWrapper> {
            Core.realm_app_user_apikey_provider_client_create_apikey(app, currentUser(), command.text("name"), it)
        })
        "callFunction" -> mapper.readTree(command.request<String> {
            Core.realm_app_call_function(app, currentUser(), command.text("name"), null, command["arguments"].toString(), it)
        })
        "reconnect" -> nothing(Core.realm_app_sync_client_reconnect(app))
        "stopDevice" -> nothing(stop())
        else -> null
    }

    private fun realm(command: Command): JsonNode? {
        if (command.name == "open") {
            if (command.realm in realms) throw Refusal("Usage", "realm ${command.realm} is open already")
            val scene = OpenRealm.Scene(name, command.realm, output)
            val opened =
                if (command.flag("local")) OpenRealm.local(command, Path.of(folder, "${command.realm}.realm").toString())
                else OpenRealm.synced(command, currentUser(), scene)
            realms[command.realm] = opened
            return json.objectNode().put("path", opened.path)
        }
        val realm = realms[command.realm] ?: throw Refusal("Usage", "realm ${command.realm} is not open")
        if (command.name != "close") return realm.run(command)
        realms.remove(command.realm)
        return nothing(realm.close())
    }

    private fun stop() {
        realms.values.forEach { it.close() }
        realms.clear()
        Core.realm_app_sync_client_wait_for_sessions_to_terminate(app)
        app.release()
    }

    private fun currentUser(): RealmUserPointer = user ?: throw Refusal("Usage", "nobody is signed in on $name")

    private fun become(signedIn: RealmUserPointer): JsonNode = describe(signedIn.also { user = it })

    private fun credentials(command: Command): RealmCredentialsPointer = when (val provider = command.text("provider")) {
        "anonymous" -> Core.realm_app_credentials_new_anonymous(false)
        "email" -> Core.realm_app_credentials_new_email_password(command.text("email"), command.text("password"))
        "apiKey" -> Core.realm_app_credentials_new_api_key(command.text("key"))
        "jwt" -> Core.realm_app_credentials_new_jwt(command.text("token"))
        "google" -> Core.realm_app_credentials_new_google_id_token(command.text("token"))
        "googleCode" -> Core.realm_app_credentials_new_google_auth_code(command.text("code"))
        "apple" -> Core.realm_app_credentials_new_apple(command.text("token"))
        "facebook" -> Core.realm_app_credentials_new_facebook(command.text("token"))
        "function" -> Core.realm_app_credentials_new_custom_function(command["payload"].toString())
        else -> throw Refusal("Usage", "no provider $provider")
    }

    private fun describe(user: RealmUserPointer): ObjectNode = json.objectNode().apply {
        put("id", Core.realm_user_get_identity(user))
        put("state", Core.realm_user_get_state(user).name.removePrefix("RLM_USER_STATE_").lowercase())
        put("accessToken", Core.realm_user_get_access_token(user))
        set<JsonNode>("profile", mapper.readTree(Core.realm_user_get_profile(user).ifEmpty { "null" }))
        set<JsonNode>("customData", Core.realm_user_get_custom_data(user)?.let { mapper.readTree(it) } ?: json.nullNode())
        set<JsonNode>("identities", json.arrayNode().addAll(Core.realm_user_get_all_identities(user).map {
            json.objectNode().put("id", it.id).put("provider", it.provider.name.removePrefix("RLM_AUTH_PROVIDER_").lowercase())
        }))
    }

    private fun describe(key: ApiKeyWrapper) = json.objectNode().put("id", key.id.toHexString()).put("name", key.name).put("key", key.value)
}

/** The answer of a command that has none but its success. */
fun nothing(@Suppress("UNUSED_PARAMETER") done: Unit): JsonNode = json.nullNode()
