package reeve.interop

import com.fasterxml.jackson.databind.JsonNode
import com.fasterxml.jackson.databind.ObjectMapper
import com.fasterxml.jackson.databind.node.ObjectNode
import io.realm.kotlin.internal.interop.AppCallback
import io.realm.kotlin.internal.interop.CoreError
import io.realm.kotlin.internal.interop.sync.AppError
import java.io.PrintStream
import java.util.concurrent.CompletableFuture
import java.util.concurrent.ExecutionException
import java.util.concurrent.TimeUnit
import java.util.concurrent.TimeoutException

val mapper = ObjectMapper()

/** One line from the test: a command's name and its arguments. */
class Command(private val line: JsonNode) {
    val id: JsonNode = line["id"]
    val name: String = line["command"].asText()
    val device: String = line["device"]?.asText() ?: ""
    val realm: String = line["realm"]?.asText() ?: ""
    val timeoutMs: Long = line["timeoutMs"]?.asLong() ?: 30_000

    operator fun get(argument: String): JsonNode = line[argument] ?: throw Refusal("Usage", "$name needs $argument")
    fun optional(argument: String): JsonNode? = line[argument]?.takeUnless { it.isNull }
    fun text(argument: String): String = this[argument].asText()
    fun optionalText(argument: String): String? = optional(argument)?.asText()
    fun flag(argument: String): Boolean = optional(argument)?.asBoolean() ?: false
    fun list(argument: String): List<JsonNode> = optional(argument)?.toList() ?: emptyList()
}

/** A command's failure as the test sees it: a name, a text, and what else is known of it. */
class Refusal(val name: String, message: String?, val details: ObjectNode = json.objectNode()) : Exception(message) {
    fun toJson(): ObjectNode = json.objectNode().put("name", name).put("message", message).setAll(details)

    companion object {
        fun of(error: AppError) =
            Refusal("AppError", error.message, code(error.code.nativeValue, error.code.description).put("http", error.httpStatusCode))

        fun of(error: CoreError) = Refusal("SyncError", error.message, code(error.errorCodeNativeValue, error.errorCode?.description))

        fun of(failure: Throwable) = failure as? Refusal ?: Refusal(failure.javaClass.simpleName, failure.message)

        private fun code(number: Int, name: String?): ObjectNode = json.objectNode().put("code", number).put("codeName", name)
    }
}

/** Starts something that answers on another thread and waits for the answer. */
fun <T> Command.await(start: (CompletableFuture<T>) -> Unit): T {
    val future = CompletableFuture<T>()
    start(future)
    try {
        return future.get(timeoutMs, TimeUnit.MILLISECONDS)
    } catch (late: TimeoutException) {
        throw Refusal("Timeout", "$name: no answer after $timeoutMs ms")
    } catch (failed: ExecutionException) {
        throw failed.cause ?: failed
    }
}

/** Calls one of the core's functions that ask the server over HTTP. */
fun <T> Command.request(start: (AppCallback<T>) -> Unit): T = await { future ->
    start(object : AppCallback<T> {
        override fun onSuccess(result: T) { future.complete(result) }
        override fun onError(error: AppError) { future.completeExceptionally(Refusal.of(error)) }
    })
}

/** Standard output, one JSON object a line, from any thread. */
class Output(private val stream: PrintStream) {
    @Synchronized fun line(node: JsonNode) {
        stream.println(mapper.writeValueAsString(node))
        stream.flush()
    }

    fun event(name: String, device: String, realm: String, fill: ObjectNode.() -> Unit) =
        line(json.objectNode().put("event", name).put("device", device).put("realm", realm).apply(fill))
}
