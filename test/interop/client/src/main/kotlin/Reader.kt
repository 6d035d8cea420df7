package reeve.interop

import com.fasterxml.jackson.databind.JsonNode
import com.fasterxml.jackson.databind.node.ObjectNode
import io.realm.kotlin.internal.interop.*
import io.realm.kotlin.internal.interop.RealmInterop as Core

/** Reads objects as JSON in a fixed order, so that the states of two devices are equal exactly when their JSON is. */
class Reader(private val schema: SchemaNotation, private val graph: Graph) {
    /** Every object of every top-level class, sorted by primary key. */
    fun everything(): ObjectNode = json.objectNode().apply {
        for (definition in schema.classes.filter { !it.embedded }.sortedBy { it.name }) {
            val objects = matching(graph.query(definition.name))
            val key = definition.primaryKey
            set<JsonNode>(definition.name, json.arrayNode().addAll(objects.sortedBy { (if (key == null) it else it[key.name]).toString() }))
        }
    }

    fun matching(query: RealmQueryPointer): List<JsonNode> {
        val results = Core.realm_query_find_all(query)
        return (0 until Core.realm_results_count(results)).map { index ->
            with(Core) { getterScope { read(graph.target(realm_results_get(results, index))) } }
        }
    }

    private fun read(node: Node): JsonNode = when (node) {
        is ObjectHolder -> json.objectNode().apply {
            node.definition.properties.sortedBy { it.name }.forEach { set<JsonNode>(it.name, read(graph.propertyOf(node, it))) }
        }
        is ListHolder -> json.arrayNode().apply {
            for (index in 0 until Core.realm_list_size(node.pointer)) add(read(graph.elementOf(node, index)))
        }
        is SetHolder -> json.arrayNode().addAll(elements(node).sortedBy { it.toString() })
        is DictionaryHolder -> json.objectNode().apply { keys(node).sorted().forEach { set<JsonNode>(it, read(graph.entryOf(node, it))) } }
        is Place -> node.read { if (it.getType() in COLLECTIONS) read(graph.holder(node)) else value(it) }
    }

    private fun value(value: RealmValue): JsonNode {
        if (value.getType() != ValueType.RLM_TYPE_LINK) return Notation.json(value)
        val target = graph.target(value)
        val key = target.definition.primaryKey
        return if (key == null) read(target) else Notation.link(target.definition.name, read(graph.propertyOf(target, key)))
    }

    private fun elements(set: SetHolder): List<JsonNode> =
        (0 until Core.realm_set_size(set.pointer)).map { index -> with(Core) { getterScope { value(realm_set_get(set.pointer, index)) } } }

    private fun keys(dictionary: DictionaryHolder): List<String> = (0 until Core.realm_dictionary_size(dictionary.pointer).toInt()).map { index ->
        with(Core) { getterScope { realm_dictionary_get(dictionary.pointer, index).first.getString() } }
    }

    private companion object {
        val COLLECTIONS = setOf(ValueType.RLM_TYPE_LIST, ValueType.RLM_TYPE_DICTIONARY)
    }
}
