package reeve.interop

import io.realm.kotlin.internal.interop.sync.NetworkTransport
import io.realm.kotlin.internal.interop.sync.Response
import io.realm.kotlin.internal.interop.sync.ResponseCallback
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import java.time.Duration

/** What the core asks of every SDK: to carry its HTTP requests as they are. The WebSocket is the core's own. */
class Transport : NetworkTransport {
    override val authorizationHeaderName: String? = null
    override val customHeaders: Map<String, String> = emptyMap()

    override fun sendRequest(method: String, url: String, headers: Map<String, String>, body: String, callback: ResponseCallback) {
        val content = if (body.isEmpty()) HttpRequest.BodyPublishers.noBody() else HttpRequest.BodyPublishers.ofString(body)
        val request = HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(30)).method(method.uppercase(), content)
        headers.filterKeys { it.lowercase() !in SET_BY_THE_HTTP_CLIENT }.forEach { (name, value) -> request.header(name, value) }
        http.sendAsync(request.build(), HttpResponse.BodyHandlers.ofString()).whenComplete { response, failure ->
            callback.response(if (failure == null) answer(response) else Response(0, UNREACHABLE, emptyMap(), failure.toString()))
        }
    }

    private fun answer(response: HttpResponse<String>) =
        Response(response.statusCode(), 0, response.headers().map().mapValues { (_, values) -> values.joinToString(", ") }, response.body())

    override fun close() = Unit

    private companion object {
        const val UNREACHABLE = 1000
        val SET_BY_THE_HTTP_CLIENT = setOf("host", "connection", "content-length")
        val http: HttpClient = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(Duration.ofSeconds(10)).build()
    }
}
