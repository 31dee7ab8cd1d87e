(comment) @comment
(documentation_comment) @comment

(class_definition name: (identifier) @name) @definition.class
(mixin_declaration (identifier) @name) @definition.class
(enum_declaration name: (identifier) @name) @definition.enum
(extension_declaration name: (identifier) @name) @definition.class
(type_alias (type_identifier) @name) @definition.type
(function_signature name: (identifier) @name) @definition.function
(getter_signature name: (identifier) @name) @definition.function
(setter_signature name: (identifier) @name) @definition.function
(constructor_signature . name: (identifier) . name: (identifier) @name) @definition.function
(constructor_signature . name: (identifier) @name . parameters: (_)) @definition.function
(factory_constructor_signature . (identifier) . (identifier) @name) @definition.function
(static_final_declaration (identifier) @name) @definition.constant

; The body is beside the signature.
((method_signature (function_signature name: (identifier) @name)) @definition.function . (function_body) @body)
((method_signature (getter_signature name: (identifier) @name)) @definition.function . (function_body) @body)
((method_signature (setter_signature name: (identifier) @name)) @definition.function . (function_body) @body)
((method_signature (constructor_signature . name: (identifier) . name: (identifier) @name)) @definition.function
  .
  (function_body) @body)
((method_signature (factory_constructor_signature . (identifier) . (identifier) @name)) @definition.function
  .
  (function_body) @body)
((function_signature name: (identifier) @name) @definition.function . (function_body) @body)
((getter_signature name: (identifier) @name) @definition.function . (function_body) @body)
