package reeve.interop

import com.fasterxml.jackson.databind.JsonNode
import io.realm.kotlin.internal.interop.*
import io.realm.kotlin.internal.interop.RealmInterop as Core

/** Carries out the operations of a write transaction. */
class Writer(private val realm: LiveRealmPointer, private val schema: SchemaNotation, private val graph: Graph) {
    /** All [operations] in one transaction; when one fails nothing is changed. */
    fun transaction(operations: Iterable<JsonNode>) {
        Core.realm_begin_write(realm)
        try {
            operations.forEach { apply(it) }
            Core.realm_commit(realm)
        } catch (failure: Throwable) {
            Core.realm_rollback(realm)
            throw failure
        }
    }

    private fun apply(operation: JsonNode) {
        val at = operation["at"]
        when (val name = operation["op"].asText()) {
            "create" -> create(operation["class"].asText(), operation["values"], operation["upsert"]?.asBoolean() ?: false)
            "delete" -> Core.realm_object_delete(holderAt<ObjectHolder>(at).pointer)
            "deleteAll" -> Core.realm_results_delete_all(Core.realm_query_find_all(graph.query(operation["class"].asText())))
            "set" -> set(graph.node(at), operation["value"])
            "increment" -> {
                val place = graph.node(at) as? Graph.PropertyPlace ?: wrong(operation)
                Core.realm_object_add_int(place.holder.pointer, place.column, operation["by"].asLong())
            }
            "insert" -> {
                val list = holderAt<ListHolder>(at)
                assign(graph.newElementOf(list, operation["index"]?.asLong() ?: Core.realm_list_size(list.pointer)), operation["value"])
            }
            "add" -> holderAt<SetHolder>(at).let { addTo(it, operation["value"]) }
            "remove" -> remove(graph.holder(graph.node(at)), operation)
            "clear" -> clear(graph.holder(graph.node(at)))
            else -> throw IllegalArgumentException("no write operation $name")
        }
    }

    private inline fun <reified H : Holder> holderAt(path: JsonNode): H =
        graph.holder(graph.node(path)) as? H ?: throw IllegalArgumentException("at $path there is no ${H::class.simpleName}")

    private fun create(className: String, values: JsonNode, upsert: Boolean) {
        val definition = schema.find(className)
        val key = definition.primaryKey
        val pointer = if (key == null) Core.realm_object_create(realm, graph.classKey(className)) else inputScope {
            val primaryKey = Notation.native(this, key.type, values[key.name] ?: throw IllegalArgumentException("a new $className needs ${key.name}"))
            if (upsert) Core.realm_object_get_or_create_with_primary_key(realm, graph.classKey(className), primaryKey)
            else Core.realm_object_create_with_primary_key(realm, graph.classKey(className), primaryKey)
        }
        fill(ObjectHolder(pointer, definition), values)
    }

    private fun fill(holder: ObjectHolder, values: JsonNode) = values.fields().forEach { (name, value) ->
        val property = holder.definition.property(name)
        if (!property.isPrimaryKey) set(graph.propertyOf(holder, property), value)
    }

    /** Puts [value] at [node]; the content of a collection is replaced. */
    private fun set(node: Node, value: JsonNode) {
        when (node) {
            is Place -> assign(node, value)
            is ObjectHolder -> throw IllegalArgumentException("set wants a property, a list's element or a dictionary's entry")
            is ListHolder, is SetHolder, is DictionaryHolder -> { clear(node as Holder); fillCollection(node, value) }
        }
    }

    private fun fillCollection(holder: Holder, values: JsonNode) {
        when (holder) {
            is ListHolder -> values.forEachIndexed { index, value -> assign(graph.newElementOf(holder, index.toLong()), value) }
            is SetHolder -> values.forEach { addTo(holder, it) }
            is DictionaryHolder -> values.fields().forEach { (key, value) -> assign(graph.entryOf(holder, key), value) }
            is ObjectHolder -> fill(holder, values)
        }
    }

    private fun assign(target: Target, value: JsonNode) {
        val property = target.property
        val mixed = property.type == PropertyType.RLM_PROPERTY_TYPE_MIXED
        val holder = when {
            mixed && value.isArray -> ListHolder(target.makeList(), property)
            mixed && Notation.isDictionary(value) -> DictionaryHolder(target.makeDictionary(), property)
            property.type == PropertyType.RLM_PROPERTY_TYPE_OBJECT && Notation.isDictionary(value) ->
                ObjectHolder(target.makeObject(), schema.find(property.target))
            else -> return native(property, value) { target.put(it) }
        }
        // A collection that was made where one of its kind had been keeps the old content.
        if (holder !is ObjectHolder) clear(holder)
        fillCollection(holder, value)
    }

    private fun native(property: Property, value: JsonNode, use: (RealmValue) -> Unit) = inputScope {
        val link = Notation.link(value)
        use(
            if (link == null) Notation.native(this, property.type, value)
            else realmObjectTransport(Reference(graph.find(link.first, link.second).pointer)),
        )
    }

    private fun addTo(set: SetHolder, value: JsonNode) = native(set.element, value) { Core.realm_set_insert(set.pointer, it) }

    private fun remove(holder: Holder, operation: JsonNode) {
        when (holder) {
            is ListHolder -> Core.realm_list_erase(holder.pointer, (operation["index"] ?: wrong(operation)).asLong())
            is SetHolder -> native(holder.element, operation["value"] ?: wrong(operation)) { Core.realm_set_erase(holder.pointer, it) }
            is DictionaryHolder -> inputScope {
                val key = stringTransport((operation["key"] ?: wrong(operation)).asText())
                with(Core) { realm_dictionary_erase(holder.pointer, key) }
            }
            is ObjectHolder -> wrong(operation)
        }
    }

    private fun clear(holder: Holder) {
        when (holder) {
            is ListHolder -> if (Core.realm_list_size(holder.pointer) > 0) Core.realm_list_clear(holder.pointer)
            is SetHolder -> if (Core.realm_set_size(holder.pointer) > 0) Core.realm_set_clear(holder.pointer)
            is DictionaryHolder -> if (Core.realm_dictionary_size(holder.pointer) > 0) Core.realm_dictionary_clear(holder.pointer)
            is ObjectHolder -> throw IllegalArgumentException("an object cannot be cleared")
        }
    }

    private fun wrong(operation: JsonNode): Nothing = throw IllegalArgumentException("what is at this path does not allow it: $operation")

    private class Reference(override val objectPointer: RealmObjectPointer) : RealmObjectInterop
}
