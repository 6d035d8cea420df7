package reeve.interop

import com.fasterxml.jackson.databind.JsonNode
import com.fasterxml.jackson.databind.node.ObjectNode
import io.realm.kotlin.internal.interop.CoreLogLevel
import io.realm.kotlin.internal.interop.LogCallback
import io.realm.kotlin.internal.interop.RealmInterop as Core
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.ExecutorService
import java.util.concurrent.Executors

/**
 * Real Realm devices behind standard input and output. Each line in is a command `{id, command, device, realm, …}`, each line out its answer
 * `{id, result}` or `{id, error}`, or an event that the SDK reported by itself `{event, device, realm, …}`. The commands of one device run one
 * after another, those of different devices side by side. The process ends with its input. REEVE_INTEROP_LOG names the core's log level; it
 * logs to standard error.
 */
fun main() {
    val output = Output(System.out)
    logTo(System.getenv("REEVE_INTEROP_LOG"))
    output.line(json.objectNode().put("event", "ready").put("core", Core.realm_get_library_version()))
    val devices = ConcurrentHashMap<String, Device>()
    val threads = mutableMapOf<String, ExecutorService>()
    for (line in generateSequence(::readLine)) {
        val command = Command(mapper.readTree(line))
        val thread = threads.getOrPut(command.device) { Executors.newSingleThreadExecutor { Thread(it, command.device) } }
        thread.execute { output.line(answer(command, devices, output)) }
    }
    // An orderly shutdown of the core would wait for sessions; a device that is switched off does not either.
    Runtime.getRuntime().halt(0)
}

private fun answer(command: Command, devices: MutableMap<String, Device>, output: Output): JsonNode {
    val answer = json.objectNode().set<ObjectNode>("id", command.id)
    return try {
        answer.set("result", run(command, devices, output))
    } catch (failure: Throwable) {
        answer.set("error", Refusal.of(failure).toJson())
    }
}

private fun run(command: Command, devices: MutableMap<String, Device>, output: Output): JsonNode {
    if (command.name == "startDevice") {
        if (command.device in devices) throw Refusal("Usage", "device ${command.device} runs already")
        return Device(command.device, command, output).also { devices[command.device] = it }.describe()
    }
    val device = devices[command.device] ?: throw Refusal("Usage", "no device ${command.device}")
    return device.run(command).also { if (command.name == "stopDevice") devices.remove(command.device) }
}

private fun logTo(level: String?) {
    Core.realm_set_log_level(if (level == null) CoreLogLevel.RLM_LOG_LEVEL_OFF else CoreLogLevel.valueOf("RLM_LOG_LEVEL_${level.uppercase()}"))
    if (level != null) Core.realm_set_log_callback(object : LogCallback {
        override fun log(logLevel: Short, categoryValue: String, message: String?) =
            System.err.println("${System.currentTimeMillis()} $categoryValue $message")
    })
}
