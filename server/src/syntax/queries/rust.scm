(line_comment) @comment
(block_comment) @comment

(struct_item name: (_) @name) @definition.struct
(enum_item name: (_) @name) @definition.enum
(union_item name: (_) @name) @definition.struct
(trait_item name: (_) @name) @definition.interface
(type_item name: (_) @name) @definition.type
(mod_item name: (_) @name body: (_)) @definition.module
(macro_definition name: (_) @name) @definition.macro
(function_item name: (_) @name) @definition.function
(function_signature_item name: (_) @name) @definition.function
(const_item name: (_) @name) @definition.constant
(static_item name: (_) @name) @definition.variable

(impl_item
  type: [
    (type_identifier) @name
    (scoped_type_identifier name: (_) @name)
    (generic_type type: (type_identifier) @name)
    (generic_type type: (scoped_type_identifier name: (_) @name))
  ]) @scope
(impl_item type: (_) @name) @scope
