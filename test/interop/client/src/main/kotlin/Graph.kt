package reeve.interop

import com.fasterxml.jackson.databind.JsonNode
import io.realm.kotlin.internal.interop.*
import io.realm.kotlin.internal.interop.RealmInterop as Core

/** What a path into the objects leads to: something that holds others, or a place for one value. */
sealed interface Node

sealed interface Holder : Node

class ObjectHolder(val pointer: RealmObjectPointer, val definition: ClassDefinition) : Holder

class ListHolder(val pointer: RealmListPointer, val element: Property) : Holder

class SetHolder(val pointer: RealmSetPointer, val element: Property) : Holder

class DictionaryHolder(val pointer: RealmMapPointer, val element: Property) : Holder

/** Where a value can be put. `make…` puts an empty object or collection there and answers it. */
interface Target {
    val property: Property
    fun put(value: RealmValue)
    fun makeObject(): RealmObjectPointer
    fun makeList(): RealmListPointer
    fun makeDictionary(): RealmMapPointer
}

/** A target that has a value already. `list` and `dictionary` open the nested collection that is its value. */
sealed interface Place : Node, Target {
    fun <T> read(use: (RealmValue) -> T): T
    fun list(): RealmListPointer
    fun dictionary(): RealmMapPointer
}

/**
 * The objects of one open realm, reached by paths `[class, primary key, property, list index or dictionary key, property, …]`. Belongs to the
 * thread that opened the realm.
 */
class Graph(private val realm: LiveRealmPointer, private val schema: SchemaNotation) {
    fun classKey(name: String): ClassKey = Core.realm_find_class(realm, name) ?: throw IllegalArgumentException("the realm has no class $name")

    fun find(className: String, primaryKey: JsonNode): ObjectHolder {
        val definition = schema.find(className)
        val key = definition.primaryKey ?: throw IllegalArgumentException("class $className has no primary key to find an object by")
        val found = inputScope { Core.realm_object_find_with_primary_key(realm, classKey(className), Notation.native(this, key.type, primaryKey)) }
        return ObjectHolder(found ?: throw IllegalArgumentException("no $className $primaryKey"), definition)
    }

    fun node(path: JsonNode): Node = path.drop(2).fold(find(path[0].asText(), path[1]) as Node) { node, step -> step(holder(node), step) }

    /** The holder at [node]; a place is entered when its value is an object or a nested collection. */
    fun holder(node: Node): Holder = when (node) {
        is Holder -> node
        is Place -> node.read { value ->
            when (val type = value.getType()) {
                ValueType.RLM_TYPE_LINK -> target(value)
                ValueType.RLM_TYPE_LIST -> ListHolder(node.list(), node.property)
                ValueType.RLM_TYPE_DICTIONARY -> DictionaryHolder(node.dictionary(), node.property)
                else -> throw IllegalArgumentException("a path cannot go on from a value of type $type")
            }
        }
    }

    fun propertyOf(holder: ObjectHolder, property: Property): Node {
        val column = Core.realm_get_col_key(realm, classKey(holder.definition.name), property.name)
        return when (property.collection) {
            CollectionType.RLM_COLLECTION_TYPE_LIST -> ListHolder(Core.realm_get_list(holder.pointer, column), property)
            CollectionType.RLM_COLLECTION_TYPE_SET -> SetHolder(Core.realm_get_set(holder.pointer, column), property)
            CollectionType.RLM_COLLECTION_TYPE_DICTIONARY -> DictionaryHolder(Core.realm_get_dictionary(holder.pointer, column), property)
            else -> PropertyPlace(holder, column, property)
        }
    }

    fun elementOf(list: ListHolder, index: Long): Place = ElementPlace(list.pointer, index, list.element)

    fun entryOf(dictionary: DictionaryHolder, key: String): Place = EntryPlace(dictionary.pointer, key, dictionary.element)

    fun newElementOf(list: ListHolder, index: Long): Target = NewElement(list.pointer, index, list.element)

    private fun step(holder: Holder, step: JsonNode): Node = when (holder) {
        is ObjectHolder -> propertyOf(holder, holder.definition.property(step.asText()))
        is ListHolder -> elementOf(holder, step.asLong())
        is DictionaryHolder -> entryOf(holder, step.asText())
        is SetHolder -> throw IllegalArgumentException("a path cannot go into a set")
    }

    /** The object that a native link names. */
    fun target(link: RealmValue): ObjectHolder =
        link.getLink().let { ObjectHolder(Core.realm_get_object(realm, it), schema.find(Core.realm_get_class(realm, it.classKey).name)) }

    /** The objects of a class that match a query of the SDK's query language; all of them without one. */
    fun query(className: String, query: String = "TRUEPREDICATE", arguments: List<JsonNode> = emptyList()): RealmQueryPointer = inputScope {
        val values = arguments.map { RealmQuerySingleArgument(Notation.native(this, PropertyType.RLM_PROPERTY_TYPE_MIXED, it)) }
        Core.realm_query_parse(realm, classKey(className), query, queryArgsOf(values))
    }

    inner class PropertyPlace(val holder: ObjectHolder, val column: PropertyKey, override val property: Property) : Place {
        override fun <T> read(use: (RealmValue) -> T): T = with(Core) { getterScope { use(realm_get_value(holder.pointer, column)) } }
        override fun put(value: RealmValue) = Core.realm_set_value(holder.pointer, column, value, false)
        override fun makeObject() = Core.realm_set_embedded(holder.pointer, column)
        override fun makeList() = Core.realm_set_list(holder.pointer, column)
        override fun makeDictionary() = Core.realm_set_dictionary(holder.pointer, column)
        override fun list() = Core.realm_get_list(holder.pointer, column)
        override fun dictionary() = Core.realm_get_dictionary(holder.pointer, column)
    }

    private inner class ElementPlace(val list: RealmListPointer, val index: Long, override val property: Property) : Place {
        override fun <T> read(use: (RealmValue) -> T): T = with(Core) { getterScope { use(realm_list_get(list, index)) } }
        override fun put(value: RealmValue) = Core.realm_list_set(list, index, value)
        override fun makeObject() = with(Core) { getterScope { target(realm_list_set_embedded(list, index)).pointer } }
        override fun makeList() = Core.realm_list_set_list(list, index)
        override fun makeDictionary() = Core.realm_list_set_dictionary(list, index)
        override fun list() = Core.realm_list_get_list(list, index)
        override fun dictionary() = Core.realm_list_get_dictionary(list, index)
    }

    private class NewElement(val list: RealmListPointer, val index: Long, override val property: Property) : Target {
        override fun put(value: RealmValue) = Core.realm_list_add(list, index, value)
        override fun makeObject() = Core.realm_list_insert_embedded(list, index)
        override fun makeList() = Core.realm_list_insert_list(list, index)
        override fun makeDictionary() = Core.realm_list_insert_dictionary(list, index)
    }

    private inner class EntryPlace(val map: RealmMapPointer, val key: String, override val property: Property) : Place {
        override fun <T> read(use: (RealmValue) -> T): T = inputScope { with(Core) { use(realm_dictionary_find(map, stringTransport(key))) } }
        override fun put(value: RealmValue) { inputScope { with(Core) { realm_dictionary_insert(map, stringTransport(key), value) } } }
        override fun makeObject() = inputScope { with(Core) { target(realm_dictionary_insert_embedded(map, stringTransport(key))).pointer } }
        override fun makeList() = inputScope { Core.realm_dictionary_insert_list(map, stringTransport(key)) }
        override fun makeDictionary() = inputScope { Core.realm_dictionary_insert_dictionary(map, stringTransport(key)) }
        override fun list() = inputScope { Core.realm_dictionary_find_list(map, stringTransport(key)) }
        override fun dictionary() = inputScope { Core.realm_dictionary_find_dictionary(map, stringTransport(key)) }
    }
}
