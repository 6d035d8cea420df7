import type { ErrorEntry, ErrorFamily } from "./entry.ts";

/** All of them end the session with the protocol's "bad changeset"; the code says which rule of application was broken. */
const badChangeset = 212;
const entry = (message: string, explanation: string): ErrorEntry => ({ status: badChangeset, message, explanation });

/**
 * Why a changeset cannot be applied to the state (merge-rules §7). Nothing of the upload it came in is stored. An SDK does not write such
 * changesets against its own state, so each points to a schema that differs between apps, a damaged file, or a pattern that is known not
 * to converge (merge-rules §10).
 */
export const objectErrors = {
  ClassNameTooLong: entry("The class name is too long.", "A class name has at most 57 bytes. No SDK lets an app declare a longer one."),
  ClassMismatch: entry(
    "The class exists with another definition.",
    "Two apps declare the class differently: another primary key field, another nullability of it, or embedded or asymmetric in one only. One of the apps must be changed.",
  ),
  ClassStillLinked: entry(
    "The class is still the target of link properties.",
    "The class cannot be erased while properties of other classes link to it: every client would fail to integrate that.",
  ),
  NoSuchClass: entry("The class does not exist.", "The changeset names a class that nobody has added, or that was erased."),
  ClassWithoutKeys: entry(
    "Objects of an embedded class cannot be addressed.",
    "Embedded objects are reached through their owner; an instruction named one by class and key.",
  ),
  FieldNameTooLong: entry("The property name is too long.", "A property name has at most 63 bytes."),
  FieldMismatch: entry(
    "The property exists with another definition.",
    "Two apps declare the property with another type, collection kind or link target. One of the apps must be changed, or use another name.",
  ),
  NoSuchField: entry(
    "The property does not exist.",
    "The changeset names a property that nobody has added, or that was erased concurrently.",
  ),
  NoSuchLinkTarget: entry("The class that the property links to does not exist.", "A link property was added before its target class."),
  DictionaryKeysNotText: entry(
    "Dictionaries must have string keys.",
    "A dictionary property with another key type was added; none but strings can be stored.",
  ),
  SetOfEmbeddedObjects: entry(
    "A set cannot hold embedded objects.",
    "A set property with an embedded target class was added; no SDK can store it.",
  ),
  KeyTypeMismatch: entry(
    "The primary key has another type than the class's.",
    "The same class has primary keys of different types in two apps.",
  ),
  KeyNotNullable: entry("The primary key must not be null.", "An object with a null key was addressed in a class whose key is required."),
  KeyTooLong: entry(
    "The primary key is too long.",
    "A string key has more bytes than a row of the partition's storage can carry beside its values.",
  ),
  PrimaryKeyImmutable: entry(
    "The primary key property cannot be changed.",
    "An instruction addressed the primary key property itself, which is fixed from creation on.",
  ),
  NoSuchObject: entry(
    "The object does not exist.",
    "A change inside an object that was never created. Changes in objects deleted by others do not end here: merging removes them.",
  ),
  PathNotFound: entry("Nothing is held at this place.", "The path leads through an index, key or embedded object that is not there."),
  PathMismatch: entry(
    "The path does not fit what is held at this place.",
    "The path has an index where a name is needed or the reverse, or goes on below a value that holds nothing.",
  ),
  PathTooDeep: entry("Values are nested too deeply.", "Collections nest at most 100 levels; embedded objects are bounded as well."),
  NullNotAllowed: entry("The property must not be null.", "Null was assigned to a required property or element."),
  TypeMismatch: entry(
    "The value has another type than the property.",
    "The value's type differs from the property's; no numeric conversion is made.",
  ),
  LinkTargetMismatch: entry("The link points to another class than the property's.", "A link property holds links to one class only."),
  LinkTargetEmbedded: entry("A link cannot point to an embedded object.", "Embedded objects have an owner and cannot be linked to."),
  ErasedOutsideDictionary: entry(
    "Only dictionary entries can be erased this way.",
    "The marker that removes a dictionary key was assigned elsewhere.",
  ),
  CollectionNotAllowed: entry(
    "A collection cannot be assigned here.",
    "Only values of type mixed can become a list or a dictionary, and none can become a set.",
  ),
  ObjectNotAllowed: entry("An embedded object cannot be created here.", "The property does not hold embedded objects."),
  CollectionNotAssignable: entry(
    "A collection property cannot be assigned as a whole.",
    "Collections change by instructions on their elements.",
  ),
  CollectionKindMismatch: entry(
    "The collection is of another kind.",
    "An instruction for one kind of collection addressed another kind, or no collection at all.",
  ),
  NotAnInteger: entry("Only an integer can be incremented.", "A counter was added to a value of another type."),
  NotIncrementable: entry("List elements and dictionary entries cannot be incremented.", "Counters exist for properties of objects only."),
  PriorSizeMismatch: entry(
    "The list has another size than the change was made for.",
    "The author saw a list of another length: the two copies have diverged, or the changeset was not merged with what is concurrent to it.",
  ),
  IndexOutOfRange: entry("The list has no such place.", "An index at or beyond the end of the list."),
  MoveToSamePlace: entry(
    "The element is moved to where it is.",
    "A move whose source equals its destination; merging with an SDK's own rule for moves can produce it (merge-rules §10, Q2).",
  ),
  InvalidDictionaryKey: entry(
    "The dictionary key must not start with $ nor contain a dot.",
    "SDKs refuse such keys; were it stored, every other client would fail on it.",
  ),
} satisfies ErrorFamily;

export type ObjectErrorCode = keyof typeof objectErrors;
