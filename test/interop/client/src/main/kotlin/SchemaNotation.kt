package reeve.interop

import com.fasterxml.jackson.databind.JsonNode
import io.realm.kotlin.internal.interop.*

/** One property: what it holds ([type]), in which collection, and for links and embedded objects of which class ([target]). */
class Property(
    val name: String,
    val type: PropertyType,
    val collection: CollectionType,
    val nullable: Boolean,
    val target: String,
    val isPrimaryKey: Boolean,
)

class ClassDefinition(val name: String, val primaryKey: Property?, val embedded: Boolean, val properties: List<Property>) {
    private val byName = properties.associateBy { it.name }
    fun property(name: String) = byName[name] ?: throw IllegalArgumentException("class ${this.name} has no property $name")
}

/**
 * A schema as data: `[{name, primaryKey?, embedded?, properties: {name: type}}]`. A type is one of the words below or a class's name, then
 * `?` when it may be null, then `[]`, `<>` or `{}` for a list, a set or a dictionary of it.
 */
class SchemaNotation(definition: JsonNode) {
    val classes: List<ClassDefinition> = definition.map { readClass(it) }
    private val byName = classes.associateBy { it.name }

    fun find(name: String): ClassDefinition = byName[name] ?: throw IllegalArgumentException("the schema has no class $name")

    fun native(): RealmSchemaPointer = RealmInterop.realm_schema_new(classes.map { definition ->
        val properties = definition.properties.map {
            PropertyInfo.create(it.name, null, it.type, it.collection, it.target, "", it.nullable, it.isPrimaryKey, false, false)
        }
        ClassInfo.create(definition.name, definition.primaryKey?.name, properties.size.toLong(), definition.embedded, false) to properties
    })

    private fun readClass(definition: JsonNode): ClassDefinition {
        val key = definition["primaryKey"]?.asText()
        val properties = definition["properties"].fields().asSequence().map { (name, type) -> readProperty(name, type.asText(), name == key) }
            .toList()
        val embedded = definition["embedded"]?.asBoolean() ?: false
        return ClassDefinition(definition["name"].asText(), properties.find { it.isPrimaryKey }, embedded, properties)
    }

    private fun readProperty(name: String, type: String, isPrimaryKey: Boolean): Property {
        val (word, mark, suffix) = TYPE.matchEntire(type)?.destructured ?: throw IllegalArgumentException("property $name: no type $type")
        val collection = COLLECTIONS.getValue(suffix)
        val primitive = PRIMITIVES[word]
        if (primitive != null) {
            val nullable = mark == "?" || primitive == PropertyType.RLM_PROPERTY_TYPE_MIXED
            return Property(name, primitive, collection, nullable, "", isPrimaryKey)
        }
        // The core wants single links and those in dictionaries nullable, those in lists and sets not.
        val nullable = collection == CollectionType.RLM_COLLECTION_TYPE_NONE || collection == CollectionType.RLM_COLLECTION_TYPE_DICTIONARY
        return Property(name, PropertyType.RLM_PROPERTY_TYPE_OBJECT, collection, nullable, word, false)
    }

    private companion object {
        val TYPE = Regex("""(\w+)(\??)(\[]|<>|\{}|)""")
        val COLLECTIONS = mapOf(
            "" to CollectionType.RLM_COLLECTION_TYPE_NONE,
            "[]" to CollectionType.RLM_COLLECTION_TYPE_LIST,
            "<>" to CollectionType.RLM_COLLECTION_TYPE_SET,
            "{}" to CollectionType.RLM_COLLECTION_TYPE_DICTIONARY,
        )
        val PRIMITIVES = mapOf(
            "int" to PropertyType.RLM_PROPERTY_TYPE_INT,
            "bool" to PropertyType.RLM_PROPERTY_TYPE_BOOL,
            "string" to PropertyType.RLM_PROPERTY_TYPE_STRING,
            "data" to PropertyType.RLM_PROPERTY_TYPE_BINARY,
            "date" to PropertyType.RLM_PROPERTY_TYPE_TIMESTAMP,
            "float" to PropertyType.RLM_PROPERTY_TYPE_FLOAT,
            "double" to PropertyType.RLM_PROPERTY_TYPE_DOUBLE,
            "decimal" to PropertyType.RLM_PROPERTY_TYPE_DECIMAL128,
            "objectId" to PropertyType.RLM_PROPERTY_TYPE_OBJECT_ID,
            "uuid" to PropertyType.RLM_PROPERTY_TYPE_UUID,
            "mixed" to PropertyType.RLM_PROPERTY_TYPE_MIXED,
        )
    }
}
