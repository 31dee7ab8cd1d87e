(comment) @comment

(list_lit
  .
  value: (sym_lit name: (sym_name) @_maker)
  .
  value: (sym_lit name: (sym_name) @name)
  (#any-of? @_maker "defn" "defn-" "defmacro" "defmulti" "defmethod" "deftest" "definline")) @definition.function
(list_lit
  .
  value: (sym_lit name: (sym_name) @_maker)
  .
  value: (sym_lit name: (sym_name) @name)
  (#any-of? @_maker "defprotocol" "definterface")) @definition.interface
(list_lit
  .
  value: (sym_lit name: (sym_name) @_maker)
  .
  value: (sym_lit name: (sym_name) @name)
  (#any-of? @_maker "defrecord" "deftype")) @definition.class
(list_lit
  .
  value: (sym_lit name: (sym_name) @_maker)
  .
  value: (sym_lit name: (sym_name) @name)
  (#any-of? @_maker "def" "defonce")) @definition.constant
