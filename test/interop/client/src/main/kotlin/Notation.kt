package reeve.interop

import com.fasterxml.jackson.databind.JsonNode
import com.fasterxml.jackson.databind.node.JsonNodeFactory
import com.fasterxml.jackson.databind.node.ObjectNode
import io.realm.kotlin.internal.interop.*
import java.nio.ByteBuffer
import java.util.HexFormat
import java.util.UUID
import org.mongodb.kbson.BsonDecimal128
import org.mongodb.kbson.Decimal128

val json: JsonNodeFactory = JsonNodeFactory.instance

private const val LARGEST_EXACT = 9_007_199_254_740_991L
private val hex = HexFormat.of()

private class Moment(override val seconds: Long, override val nanoSeconds: Int) : Timestamp

/**
 * How a single value looks in JSON. Null, booleans, text and the integers that JSON carries exactly stand for themselves; every other value is
 * an object with one key that names its type:
 *
 *     {"$int": "-9223372036854775808"}   {"$float": 1.5}   {"$double": "NaN"}   {"$decimal": "1.10E-6000"}   {"$data": "00ff"}
 *     {"$date": [seconds, nanoseconds]}  {"$objectId": "65f0…"}   {"$uuid": "3b24…"}
 *
 * Links ({"$link": [class, primary key]}), lists and dictionaries are not single values; Graph.kt reads and writes them.
 */
object Notation {
    /** The native form of [value] for a property of [type]; a typed property also takes the untagged form of its own type. */
    fun native(memory: MemTrackingAllocator, type: PropertyType, value: JsonNode): RealmValue = with(memory) {
        if (value.isNull) return nullTransport()
        val (tag, content) = tagged(value) ?: (untaggedAs(type, value) to value)
        when (tag) {
            "\$bool" -> { require(content.isBoolean) { "not a boolean: $content" }; booleanTransport(content.booleanValue()) }
            "\$string" -> { require(content.isTextual) { "not a text: $content" }; stringTransport(content.textValue()) }
            "\$int" -> longTransport(integer(content))
            "\$float" -> floatTransport(real(content).toFloat())
            "\$double" -> doubleTransport(real(content))
            "\$decimal" -> decimal128Transport(Decimal128(content.asText()))
            "\$data" -> byteArrayTransport(hex.parseHex(content.asText()))
            "\$date" -> timestampTransport(Moment(integer(content[0]), content[1].intValue()))
            "\$objectId" -> objectIdTransport(hex.parseHex(content.asText()))
            "\$uuid" -> uuidTransport(bytes(UUID.fromString(content.asText())))
            else -> throw IllegalArgumentException("no such value: $value")
        }
    }

    /** The JSON form of a native value that is neither a link nor a collection. */
    fun json(value: RealmValue): JsonNode = when (val type = value.getType()) {
        ValueType.RLM_TYPE_NULL -> json.nullNode()
        ValueType.RLM_TYPE_BOOL -> json.booleanNode(value.getBoolean())
        ValueType.RLM_TYPE_STRING -> json.textNode(value.getString())
        ValueType.RLM_TYPE_INT -> exact(value.getLong()).let { if (it.isTextual) tag("\$int", it) else it }
        ValueType.RLM_TYPE_FLOAT -> tag("\$float", finite(value.getFloat().toDouble()))
        ValueType.RLM_TYPE_DOUBLE -> tag("\$double", finite(value.getDouble()))
        ValueType.RLM_TYPE_DECIMAL128 -> tag("\$decimal", json.textNode(decimalText(value.getDecimal128Array())))
        ValueType.RLM_TYPE_BINARY -> tag("\$data", json.textNode(hex.formatHex(value.getByteArray())))
        ValueType.RLM_TYPE_TIMESTAMP -> value.getTimestamp().let { tag("\$date", json.arrayNode().add(exact(it.seconds)).add(it.nanoSeconds)) }
        ValueType.RLM_TYPE_OBJECT_ID -> tag("\$objectId", json.textNode(hex.formatHex(value.getObjectIdBytes())))
        ValueType.RLM_TYPE_UUID -> ByteBuffer.wrap(value.getUUIDBytes()).let { tag("\$uuid", json.textNode(UUID(it.long, it.long).toString())) }
        else -> throw IllegalArgumentException("not a single value: $type")
    }

    /** The class and primary key that a link names, or null when [value] is no link. */
    fun link(value: JsonNode): Pair<String, JsonNode>? {
        val (tag, target) = tagged(value) ?: return null
        return if (tag == "\$link") target[0].asText() to target[1] else null
    }

    fun link(className: String, primaryKey: JsonNode): JsonNode = tag("\$link", json.arrayNode().add(className).add(primaryKey))

    /** Whether [value] in a mixed property stands for a dictionary: an object without a type's tag. */
    fun isDictionary(value: JsonNode) = value.isObject && tagged(value) == null

    private fun tagged(value: JsonNode): Pair<String, JsonNode>? {
        if (!value.isObject || value.size() != 1) return null
        val (key, content) = value.fields().next()
        return if (key.startsWith("\$")) key to content else null
    }

    private fun untaggedAs(type: PropertyType, value: JsonNode): String = when (type) {
        PropertyType.RLM_PROPERTY_TYPE_BOOL -> "\$bool"
        PropertyType.RLM_PROPERTY_TYPE_STRING -> "\$string"
        PropertyType.RLM_PROPERTY_TYPE_INT -> "\$int"
        PropertyType.RLM_PROPERTY_TYPE_FLOAT -> "\$float"
        PropertyType.RLM_PROPERTY_TYPE_DOUBLE -> "\$double"
        PropertyType.RLM_PROPERTY_TYPE_DECIMAL128 -> "\$decimal"
        PropertyType.RLM_PROPERTY_TYPE_BINARY -> "\$data"
        PropertyType.RLM_PROPERTY_TYPE_TIMESTAMP -> "\$date"
        PropertyType.RLM_PROPERTY_TYPE_OBJECT_ID -> "\$objectId"
        PropertyType.RLM_PROPERTY_TYPE_UUID -> "\$uuid"
        PropertyType.RLM_PROPERTY_TYPE_MIXED -> when {
            value.isBoolean -> "\$bool"
            value.isTextual -> "\$string"
            value.isIntegralNumber -> "\$int"
            else -> throw IllegalArgumentException("say which type $value has")
        }
        else -> throw IllegalArgumentException("a property of type $type cannot hold $value")
    }

    private fun integer(value: JsonNode): Long {
        if (value.isTextual) return value.textValue().toLong()
        require(value.isIntegralNumber && value.canConvertToLong()) { "not an integer: $value" }
        return value.longValue()
    }

    private fun real(value: JsonNode): Double {
        if (value.isTextual) return value.textValue().toDouble()
        require(value.isNumber) { "not a number: $value" }
        return value.doubleValue()
    }

    private fun exact(value: Long): JsonNode = if (value in -LARGEST_EXACT..LARGEST_EXACT) json.numberNode(value) else json.textNode(value.toString())

    private fun finite(value: Double): JsonNode = if (value.isFinite()) json.numberNode(value) else json.textNode(value.toString())

    /** The library shows the text of a decimal only inside its class's name. */
    private fun decimalText(words: ULongArray): String =
        BsonDecimal128.fromIEEE754BIDEncoding(high = words[1], low = words[0]).toString().substringAfter('=').removeSuffix(")")

    private fun bytes(uuid: UUID): ByteArray = ByteBuffer.allocate(16).putLong(uuid.mostSignificantBits).putLong(uuid.leastSignificantBits).array()

    private fun tag(name: String, content: JsonNode): JsonNode = json.objectNode().set<ObjectNode>(name, content)
}
