(comment) @comment
(haddock) @comment

(signature name: (variable) @name) @definition.signature
(function name: (variable) @name) @definition.function
(bind name: (variable) @name) @definition.function
(data_type name: (_) @name) @definition.type
(newtype name: (_) @name) @definition.type
(type_synomym name: (_) @name) @definition.type
(class name: (_) @name) @definition.interface
(instance name: (_) patterns: (type_patterns (name) @name)) @scope
